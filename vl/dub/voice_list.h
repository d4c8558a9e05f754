#pragma once

#include <nlohmann/json.hpp>

#include "vl/dub/model_set.h"
#include "vl/dub/voice_store.h"

namespace vl::dub {

/// The object Voice of cli.md for a registered voice.
nlohmann::ordered_json voice_json(const weights::VoiceFile& file);

/// Registered voices, then those of the pack, called "pack:NAME" and without id and time.
nlohmann::ordered_json list_voices(const VoiceStore& store, const weights::Pack& pack);

/// Removes a registered voice. @return the keys "removed" and "cache_entries_removed"
/// @throws Error(kBadValue) for a voice of the pack; Error(kUnknownVoice) with the nearest name;
/// Error(kNotWritable)
nlohmann::ordered_json remove_voice(const VoiceStore& store, const weights::Pack& pack,
                                    const std::string& name, const FileDigests& digests);

}  // namespace vl::dub
