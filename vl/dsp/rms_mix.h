#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Loudness curve of RVC's RMS mix: the RMS of centred frames of one second (2 * (rate / 2)
/// samples) every half second, zeros beyond both ends (librosa's `feature.rms`). For a track of any
/// length: sums are kept per half second, in float64.
class RmsCurve {
 public:
  /// @param sample_rate Hz, >= 2. @throws Error(kBadValue)
  explicit RmsCurve(int64_t sample_rate);
  void push(const float* samples, int64_t count);
  void push(const double* samples, int64_t count);
  /// The curve of all that was pushed: N / (rate / 2) + 1 values (integer division).
  std::vector<float> finish() const;

 private:
  template <class T>
  void add(const T* samples, int64_t count);

  int64_t hop_, filled_ = 0;
  std::vector<double> sums_ = {0.0};  ///< of squares, per half second
};

/// The two curves of an RMS mix and how they are mixed.
struct RmsMix {
  std::vector<float> input;   ///< of the filtered 16 kHz input; not empty
  std::vector<float> output;  ///< of the converted voice; not empty
  double rate = 0.25;         ///< 1 leaves the output as it is, 0 imposes the input's loudness
};

/// Gain of output samples [begin, begin + count) of a track of `total` samples:
/// r1^(1 - rate) * max(r2, 1e-6)^(rate - 1), r1 and r2 being the curves interpolated to `total`
/// points as torch's `interpolate(mode="linear", align_corners=False)` does it in float32.
/// @return float32 [count]
/// @throws Error(kBadValue) for samples outside of the track or an empty curve
at::Tensor rms_gain(const RmsMix& mix, int64_t begin, int64_t count, int64_t total);

/// `curve` interpolated to `total` points, points [begin, begin + count) of it: float32 [count].
/// @throws Error(kBadValue) as rms_gain
at::Tensor interpolate_curve(const std::vector<float>& curve, int64_t begin, int64_t count,
                             int64_t total);

}  // namespace vl::dsp
