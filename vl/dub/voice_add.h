#pragma once

#include <functional>

#include "vl/core/warning.h"
#include "vl/dub/options.h"
#include "vl/dub/voice_store.h"

namespace vl::dub {

/// What the registration of a voice is given beside its options.
struct AddEnvironment {
  std::string assets_dir;
  bool overwrite = false;
  std::function<void()> check = {};  ///< called between the steps; its error ends the work
  /// Makes the codes of the prompt while the voice is not yet at its name; may be empty.
  std::function<void(const weights::PackVoice&)> make_codes = {};
};

/// Registers a voice: consent, prompt sound or preset, conversion model and index. Everything is
/// checked before the voice appears; a failure leaves nothing.
/// @throws Error kBadValue (name), kOutputExists, kNoConsent, kConsentInvalid, kConsentForeign,
/// kBadPrompt, kBadText, kIndexMismatch; as media::read_audio and import_model
weights::VoiceFile add_voice(const VoiceStore& store, const std::string& name,
                             const VoiceConfig& config, const AddEnvironment& environment,
                             WarningList& warnings);

}  // namespace vl::dub
