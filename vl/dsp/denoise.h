#pragma once

#include <ATen/core/Tensor.h>

#include "vl/dsp/stft.h"

namespace vl::dsp {

/// Magnitudes of a vocoder's bias: the first frame of the spectrogram of what it makes of an
/// all-zero mel of 88 frames.
/// @param bias_audio [1, N]
/// @return [n_fft / 2 + 1]
at::Tensor bias_spectrum(const at::Tensor& bias_audio, const StftConfig& config = {});

/// Spectral subtraction of the vocoder's bias (Prenger et al. 2019): inverse STFT of
/// max(|X| - strength bias, 0) with the phase of X.
/// @param wave [B, N]; N above pad_samples
/// @param bias [n_fft / 2 + 1], from bias_spectrum()
/// @param strength >= 0; 0 gives the wave back up to rounding
/// @return [B, floor(N / hop) hop]: multiples of the hop keep their length
/// @throws Error(kBadValue) for a wave that is too short, a negative strength, NaN or infinity
at::Tensor denoise(const at::Tensor& wave, const at::Tensor& bias, double strength,
                   const StftConfig& config = {});

}  // namespace vl::dsp
