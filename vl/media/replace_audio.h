#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vl/media/dropped_stream.h"
#include "vl/media/wav.h"

namespace vl::media {

struct ReplaceOptions {
  int64_t rate = 0;  ///< of the mono blocks, Hz
  bool overwrite = false;
  std::map<std::string, std::string> tags = {};  ///< set over the source's
};

struct ReplaceResult {
  std::vector<DroppedStream> dropped;
  std::string codec, layout;  ///< of the new sound
  int64_t rate = 0;           ///< of the new sound
  int64_t frames = 0;         ///< of the new sound, at its rate
  int64_t pictures = 0;
};

/// Copies a video and puts new sound in the place of its default sound stream. Pictures, other
/// sound, subtitles and attachments are copied as packets with their times, rotation, disposition
/// and tags; chapters and tags of the file are kept. The sound is encoded at the source's rate and
/// layout (mono is placed equally in left and right, or in the centre) by the source's codec where
/// there is an encoder for it, with the source's bit rate and at least 96 kb/s a channel. Memory
/// does not grow with length.
/// @param out .mp4 .mov .mkv or .webm; it appears at its name when it is complete
/// @param next fills the next mono block (time 0 of the media clock is its first sample); false at
/// the end
/// @throws Error as probe(), kNoVideo, kNoAudio, kBadValue (extension), kUnsupportedKind (the
/// container does not take the pictures), kTruncatedInput, kOutputExists, kNotWritable, kDiskFull;
/// what `next` throws
ReplaceResult replace_audio(const std::string& source, const std::string& out,
                            const std::function<bool(Pcm& mono_block)>& next,
                            const ReplaceOptions& options);

}  // namespace vl::media
