#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Pitch of every frame from RMVPE's salience: average of the nine bins around the maximum,
/// weighted by salience. Products and quotient in float64, the sum of weights in float32.
/// @param salience [F, 360] float32, bin i at 1997.3794084376191 + 20 i cents above 10 Hz
/// @param threshold frames whose maximum is not above it are unvoiced
/// @return float64 [F] Hz on the CPU, 0 where unvoiced; not limited to any range
/// @throws Error(kBadValue) for another width
at::Tensor f0_from_salience(const at::Tensor& salience, double threshold = 0.03);

/// f0 * 2^(semitones / 12) in float64. f0 [F] Hz.
at::Tensor transpose_f0(const at::Tensor& f0, double semitones);

/// Linear interpolation over the frames with f0 = 0, ends held (the "2026" behaviour). All
/// unvoiced: unchanged.
/// @return float64 [F]
at::Tensor interpolate_unvoiced(const at::Tensor& f0);

/// Pitch bins of the RVC embedding: 254 steps on the mel scale between 50 and 1100 Hz, clamped to
/// 1..255, rounded half to even, in float64. Unvoiced frames are 1.
/// @param f0 [F] Hz
/// @return int64 [F]
at::Tensor coarse_pitch(const at::Tensor& f0);

}  // namespace vl::dsp
