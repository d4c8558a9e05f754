#include "vl/dsp/int16.h"

#include <algorithm>

namespace vl::dsp {

namespace {

constexpr double kFullScale = 32768.0, kHeadroom = 0.99;

}  // namespace

double int16_scale(float peak) {
  const double m = double(peak) / kHeadroom;
  return m > 1.0 ? kFullScale / m : kFullScale;
}

void to_int16(const float* samples, int64_t count, double scale, int16_t* to) {
  const auto factor = static_cast<float>(scale);
  for (int64_t i = 0; i < count; ++i) {
    const float v = samples[i] * factor;
    to[i] = v == v ? static_cast<int16_t>(std::clamp(v, -32768.0f, 32767.0f)) : int16_t{0};
  }
}

}  // namespace vl::dsp
