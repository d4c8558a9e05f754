#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace vl::media {

/// soxr, very high quality, as a stream: how the input is cut into blocks does not change a bit of
/// the output. Its length is round(frames * to / from); equal rates pass through.
class Resampler {
 public:
  /// @param from,to Hz  @throws Error(kBadValue) for rates or channels soxr does not take
  Resampler(int64_t from, int64_t to, int64_t channels);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  /// Takes interleaved samples. @return those that are finished, interleaved; may be empty
  std::vector<float> push(const float* samples, int64_t frames);
  /// The rest. The resampler is used up.
  std::vector<float> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
