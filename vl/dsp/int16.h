#pragma once

#include <cstdint>

namespace vl::dsp {

/// Factor from float samples to int16 of RVC's output: 32768, or 32768 / m where
/// m = peak / 0.99 exceeds 1, so that the loudest sample becomes 32440.
/// @param peak largest magnitude of the whole track, >= 0
double int16_scale(float peak);

/// to[i] = samples[i] * scale in float32, cut off towards zero; limited to int16, NaN gives 0.
void to_int16(const float* samples, int64_t count, double scale, int16_t* to);

}  // namespace vl::dsp
