#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

constexpr int64_t kMfccRate = 16000, kMfccHop = 160, kMfccCoefficients = 13;

/// Mel cepstra of python_speech_features at its defaults, as the published SyncNet hears: int16
/// samples, pre-emphasis 0.97, frames of 400 every 160 with a rectangular window (the last one is
/// filled with zeros), power spectrum of 512 points, 26 HTK filters 0..8000 Hz, natural log, the
/// first 13 of an orthonormal DCT-II, lifter 22; the first coefficient is the log of the frame's
/// energy. Zeros become 2.2e-16 before a log. float64 inside, in blocks, so that memory follows the
/// result.
/// @param wave [T] or [1, T] in [-1, 1] at 16 kHz; becomes round(32768 x), saturated
/// @return [13, F] float32; F = 1 for T <= 400, else 1 + ceil((T - 400) / 160)
/// @throws Error(kBadValue) for no samples, and for NaN or infinite ones
at::Tensor mfcc(const at::Tensor& wave);

}  // namespace vl::dsp
