#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// The two front ends of the 22.05 kHz voices. Both are natural logs of Slaney mel bins, on grids
/// of frames that lie half a hop apart.
enum class MelKind {
  kFastPitch,  ///< centred frames: floor(T / hop) + 1 of them
  kHifigan     ///< frames that fit T exactly: floor(T / hop); magnitude sqrt(|X|^2 + 1e-9)
};

struct MelConfig {
  int64_t sample_rate = 22050;
  int64_t n_fft = 1024;  ///< also the length of the window
  int64_t hop = 256;
  int64_t n_mels = 80;
  double fmin = 0.0;
  double fmax = 8000.0;  ///< 11025 in the HiFi-GAN training loss
};

/// Log-mel spectrogram of the FastPitch (Lancucki 2021) or HiFi-GAN (Kong et al. 2020) front end:
/// reflect padding, periodic Hann window, STFT magnitude, Slaney mel filters, natural log of
/// max(x, 1e-5). Computed in double: a float32 FFT moves cells near the floor by 5e-4.
/// @param wave [B, T], int16 samples / 32768, at config.sample_rate
/// @return [B, n_mels, frames] float32
/// @throws Error(kBadValue) when the wave is too short for its padding or one frame, or holds NaN
at::Tensor log_mel(const at::Tensor& wave, MelKind kind, const MelConfig& config = {});

/// Energy of each frame: L2 norm over the log-mel bins, the FastPitch training feature.
/// @param mel [B, n_mels, F]
/// @return [B, F]
at::Tensor mel_energy(const at::Tensor& mel);

}  // namespace vl::dsp
