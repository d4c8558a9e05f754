#include "vl/dub/media_record.h"

#include <filesystem>

#include "vl/core/sha256.h"

namespace vl::dub {

MediaRecord media_record(const media::MediaInfo& m, int64_t frames) {
  MediaRecord out{.path = m.path,
                  .sha256 = sha256_file(m.path),
                  .container = m.container,
                  .bytes = static_cast<int64_t>(std::filesystem::file_size(m.path)),
                  .seconds = m.seconds,
                  .other_streams = m.other_streams};
  if (m.video) {
    const media::VideoInfo& v = *m.video;
    out.video = VideoRecord{.codec = v.codec,
                            .pix_fmt = v.pix_fmt,
                            .sar = fmt::format("{}:{}", v.sar.num, v.sar.den),
                            .range = v.range,
                            .primaries = v.primaries,
                            .transfer = v.transfer,
                            .matrix = v.matrix,
                            .width = v.width,
                            .height = v.height,
                            .frames = frames > 0 ? frames : v.frames,
                            .rotation = v.rotation,
                            .fps = v.fps.value(),
                            .vfr = v.vfr};
  }
  if (m.audio)
    out.audio = AudioRecord{.codec = m.audio->codec,
                            .layout = m.audio->layout,
                            .sample_rate = m.audio->rate,
                            .channels = m.audio->channels};
  return out;
}

MediaRecord sound_record(const std::string& path, media::AudioKind kind, int64_t rate,
                         int64_t frames) {
  const bool piped = path == "-", raw = kind == media::AudioKind::kRaw;
  if (!piped && !raw) return media_record(media::probe(path, media::SoundLength::kAny));
  MediaRecord out{.container = raw ? "s16le" : "wav"};
  if (!piped) out.path = path;
  out.seconds = static_cast<double>(frames) / static_cast<double>(rate);
  out.audio = AudioRecord{"pcm_s16le", "mono", rate, 1};
  return out;
}

}  // namespace vl::dub
