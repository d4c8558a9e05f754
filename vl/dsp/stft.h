#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// How a signal is extended at both ends before framing.
enum class Pad { kNone, kReflect, kZero };

struct StftConfig {
  int64_t n_fft = 1024;
  int64_t hop = 256;
  Pad pad = Pad::kReflect;
  int64_t pad_samples = 512;  ///< on each side; n_fft / 2 is the centred form
};

/// Periodic Hann window of n points, 0.5 - 0.5 cos(2 pi i / n), computed in double.
at::Tensor hann_window(int64_t n, at::ScalarType dtype);

/// Frames times the periodic Hann window, real FFT, in the dtype of the input (double keeps very
/// quiet bins exact).
/// @param wave [B, T] float32 or float64
/// @return complex [B, n_fft / 2 + 1, frames], frames = (T + 2 pad - n_fft) / hop + 1
/// @throws Error(kBadValue) when T is too short for the padding or for one frame
at::Tensor stft(const at::Tensor& wave, const StftConfig& config);

/// Inverse of the centred form: windowed inverse frames, overlap-add, divided by the sum of squared
/// windows where that exceeds the smallest normal float; pad_samples cut at both ends.
/// @param spectrum complex [B, n_fft / 2 + 1, frames]
/// @return [B, (frames - 1) * hop + n_fft - 2 pad_samples]
at::Tensor istft(const at::Tensor& spectrum, const StftConfig& config);

enum class MelScale { kSlaney, kHtk };

/// Triangular mel filters with area (Slaney) normalisation.
/// @return float64 [n_mels, n_fft / 2 + 1]
at::Tensor mel_filterbank(MelScale scale, int64_t sample_rate, int64_t n_fft, int64_t n_mels,
                          double fmin, double fmax);

}  // namespace vl::dsp
