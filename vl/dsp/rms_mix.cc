#include "vl/dsp/rms_mix.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr double kFloor = 1e-6;

}  // namespace

RmsCurve::RmsCurve(int64_t sample_rate) : hop_(sample_rate / 2) {
  check(sample_rate >= 2, Code::kBadValue, "a loudness curve needs a sample rate of 2 Hz or more");
}

template <class T>
void RmsCurve::add(const T* samples, int64_t count) {
  while (count > 0) {
    const int64_t n = std::min(count, hop_ - filled_);
    double sum = 0.0;
    for (int64_t i = 0; i < n; ++i) sum += double(samples[i]) * double(samples[i]);
    sums_.back() += sum;
    filled_ += n;
    samples += n;
    count -= n;
    if (filled_ < hop_) continue;
    sums_.push_back(0.0);
    filled_ = 0;
  }
}

void RmsCurve::push(const float* samples, int64_t count) { add(samples, count); }
void RmsCurve::push(const double* samples, int64_t count) { add(samples, count); }

std::vector<float> RmsCurve::finish() const {
  // Frame i reaches from half a second before i * hop to half a second after it.
  std::vector<float> curve(sums_.size());
  for (size_t i = 0; i < curve.size(); ++i) {
    const double sum = (i > 0 ? sums_[i - 1] : 0.0) + sums_[i];
    curve[i] = static_cast<float>(std::sqrt(sum / double(2 * hop_)));
  }
  return curve;
}

at::Tensor interpolate_curve(const std::vector<float>& curve, int64_t begin, int64_t count,
                             int64_t total) {
  check(!curve.empty(), Code::kBadValue, "a loudness curve is empty");
  if (begin < 0 || count < 0 || begin + count > total)
    fail(Code::kBadValue, "samples {}..{} of a track of {}", begin, begin + count, total);
  at::Tensor out = at::empty({count}, at::kFloat);
  float* to = out.data_ptr<float>();
  const auto last = static_cast<int64_t>(curve.size()) - 1;
  if (last + 1 == total) {
    std::copy_n(curve.begin() + begin, count, to);
    return out;
  }
  const float scale = static_cast<float>(last + 1) / static_cast<float>(total);
  for (int64_t i = 0; i < count; ++i) {
    // torch fuses this multiply-add; on long tracks its rounding can be seen in the weights.
    const float at = std::fma(scale, static_cast<float>(begin + i) + 0.5f, -0.5f);
    const float position = std::max(at, 0.0f);
    const int64_t left = std::min(static_cast<int64_t>(position), last);
    const int64_t right = std::min(left + 1, last);
    const float weight = std::min(std::max(position - static_cast<float>(left), 0.0f), 1.0f);
    to[i] = (1.0f - weight) * curve[left] + weight * curve[right];
  }
  return out;
}

at::Tensor rms_gain(const RmsMix& mix, int64_t begin, int64_t count, int64_t total) {
  const at::Tensor r1 = interpolate_curve(mix.input, begin, count, total);
  const at::Tensor r2 = interpolate_curve(mix.output, begin, count, total).clamp_min_(kFloor);
  const auto exponent = static_cast<double>(static_cast<float>(1.0 - mix.rate));
  return r1.pow(exponent).mul_(r2.pow(-exponent));
}

}  // namespace vl::dsp
