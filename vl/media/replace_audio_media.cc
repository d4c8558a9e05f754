#include "vl/media/replace_audio.h"

#include "vl/core/error.h"
#include "vl/media/assemble.h"

namespace vl::media {

ReplaceResult replace_audio(const std::string& source, const std::string& out,
                            const std::function<bool(Pcm&)>& next, const ReplaceOptions& options) {
  const MediaInfo info = probe(source);
  if (!info.video)
    throw Error(Code::kNoVideo, source + " has no video stream", Where{.file = source});
  if (!info.audio)
    throw Error(Code::kNoAudio, source + " has no audio stream", Where{.file = source});
  AssemblyResult done =
      assemble({.out = out,
                .overwrite = options.overwrite,
                .source = source,
                .tags = options.tags,
                .sound = EncodedSound{
                    .next = next, .rate = options.rate, .channels = 1, .track = *info.audio}});
  return {.dropped = std::move(done.dropped),
          .codec = done.sound_codec,
          .layout = done.sound_layout,
          .rate = done.sound_rate,
          .frames = done.sound_frames,
          .pictures = done.pictures};
}

}  // namespace vl::media
