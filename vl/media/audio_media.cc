#include "vl/media/audio.h"

#include <sonic.h>

#include "vl/core/error.h"
#include "vl/media/audio_reader.h"
#include "vl/media/av_handles.h"
#include "vl/media/resampler.h"

namespace vl::media {

Pcm resample(const Pcm& pcm, int64_t rate) {
  if (rate == pcm.rate) return pcm;
  Resampler resampler(pcm.rate, rate, pcm.channels);
  Pcm out{resampler.push(pcm.samples.data(), pcm.frames()), rate, pcm.channels, pcm.replaced};
  const std::vector<float> rest = resampler.finish();
  out.samples.insert(out.samples.end(), rest.begin(), rest.end());
  return out;
}

Pcm read_audio(const std::string& path, int64_t rate, bool mono, double max_seconds) {
  AudioReader reader(path, SoundLength::kLimited);
  Pcm whole, block;
  while (reader.read(block)) {
    whole.rate = block.rate;
    whole.channels = block.channels;
    whole.samples.insert(whole.samples.end(), block.samples.begin(), block.samples.end());
    if (whole.seconds() > max_seconds)
      throw Error(Code::kOverLimit,
                  fmt::format("{} has more than {:.0f} s of sound", path, max_seconds),
                  Where{.file = path});
  }
  whole.replaced = reader.replaced();
  if (mono) whole = to_mono(whole);
  return rate > 0 ? resample(whole, rate) : whole;
}

Pcm stretch(const Pcm& pcm, double factor) {
  if (!(factor >= 0.5 && factor <= 2.0) || pcm.channels != 1)
    fail(Code::kBadValue, "cannot stretch {} channels by {}", pcm.channels, factor);
  Pcm in = pcm;
  sonicStream s = sonicCreateStream(static_cast<int>(pcm.rate), 1);
  const std::unique_ptr<sonicStreamStruct, FreeByValue<sonicDestroyStream>> owner(s);
  sonicSetSpeed(s, static_cast<float>(factor));
  sonicWriteFloatToStream(s, in.samples.data(), static_cast<int>(in.samples.size()));
  sonicFlushStream(s);
  Pcm out{std::vector<float>(static_cast<size_t>(sonicSamplesAvailable(s))), pcm.rate, 1};
  sonicReadFloatFromStream(s, out.samples.data(), static_cast<int>(out.samples.size()));
  return out;
}

}  // namespace vl::media
