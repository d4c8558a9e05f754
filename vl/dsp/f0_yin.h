#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Pitch by YIN (de Cheveigne and Kawahara 2002): frames of 1024 samples every 160, centred with
/// reflect padding; lags 14..320 (50..1143 Hz); difference function over 704 samples, cumulative
/// mean normalisation; the first local minimum below 0.15, else the global minimum; parabolic
/// interpolation of the difference function. Voiced where the normalised value is below 0.35 and
/// the frame is louder than -55 dBFS (RMS). Median of three frames (the first and the last keep
/// their value). Deterministic: float32 sums in a fixed order.
/// @param wave [T] float32 at 16 kHz, T >= 1
/// @return float32 [T / 160 + 1] Hz on the CPU (integer division), 0 where unvoiced
/// @throws Error(kBadValue) for an empty wave
at::Tensor yin_f0(const at::Tensor& wave);

}  // namespace vl::dsp
