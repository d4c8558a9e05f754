#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Is harvest_f0() in this build?
bool have_harvest();

/// Pitch by Harvest (Morise 2017), refined by StoneMask, with WORLD's own code, as RVC's "harvest":
/// 50..1100 Hz every 10 ms, then a median of three frames (zeros beyond both ends) when
/// filter_radius > 2. float64. Memory and time grow with the length: about 7 MB and 0.4 s a second.
/// @param wave [T] float32 or float64 at 16 kHz, T >= 1, finite
/// @return float64 [T / 160 + 1] Hz on the CPU (integer division), 0 where unvoiced
/// @throws Error(kBadValue) for another shape, dtype or length, NaN or infinity;
/// Error(kUnsupportedKind) in a build without WORLD
at::Tensor harvest_f0(const at::Tensor& wave, int64_t filter_radius);

}  // namespace vl::dsp
