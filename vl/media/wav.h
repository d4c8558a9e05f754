#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace vl::media {

/// Interleaved samples, nominally in [-1, 1].
struct Pcm {
  std::vector<float> samples;
  int64_t rate = 0;
  int64_t channels = 1;
  int64_t replaced = 0;  ///< samples of the file that were no finite numbers; they are 0
  int64_t frames() const {
    return channels > 0 ? static_cast<int64_t>(samples.size()) / channels : 0;
  }
  double seconds() const {
    return rate > 0 ? static_cast<double>(frames()) / static_cast<double>(rate) : 0.0;
  }
};

/// PCM of 8, 16, 24 and 32 bits and float of 32 and 64, plain and EXTENSIBLE; a size field of
/// 0x7FFFF000 and more, which programs write into pipes, means "to the end". Integers are divided
/// by 2^(bits - 1).
/// @throws Error(kNotFound, kNotDecodable, kTruncatedInput)
Pcm read_wav(const std::filesystem::path& path);
/// Seconds of sound that the header announces, whether they are there or not; 0 where it leaves the
/// length open or is no header of plain PCM.
double declared_wav_seconds(const std::filesystem::path& path);
/// True when the file starts like RIFF WAVE.
bool is_wav(const std::filesystem::path& path);

/// 16-bit PCM, rounded and saturated. @throws Error(kNotWritable, kDiskFull)
void write_wav(const std::filesystem::path& path, const Pcm& pcm, bool overwrite = true);

/// Channels averaged.
Pcm to_mono(const Pcm& pcm);

}  // namespace vl::media
