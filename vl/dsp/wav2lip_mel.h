#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/dsp/stft.h"

namespace vl::dsp {

constexpr int64_t kLipRate = 16000, kLipHop = 200, kLipMels = 80, kLipWindow = 16;
constexpr double kLipSilence = -4.0;  ///< every column of digital silence

/// Wav2Lip's mel columns, 80 a second: pre-emphasis 0.97, STFT 800 / 200, 80 Slaney bands 55..7600
/// Hz, decibels mapped to [-4, 4]; float64 inside.
/// @param wave [T] or [1, T] at 16 kHz
/// @param pad kReflect (the published default, librosa 0.7) or kZero (newer librosa)
/// @return [80, T / 200 + 1] float32
/// @throws Error(kBadValue) for NaN or infinite samples, or too few for the padding (reflect: 401)
at::Tensor wav2lip_mel(const at::Tensor& wave, Pad pad = Pad::kReflect);

/// First column of each 16-column chunk as the public code cuts them: int(i * 80 / fps) until one
/// would pass the end; the last chunk is the final 16 columns.
/// @throws Error(kBadValue) for fps that is not in (0, 1000] or fewer than 16 columns
std::vector<int64_t> chunk_starts(int64_t columns, double fps);

/// A piece of a sound, and the columns of its mel that a cut has spoilt.
struct LipCut {
  int64_t begin = 0, end = 0;  ///< samples
  int64_t skip = 0;            ///< columns
};
/// The piece whose wav2lip_mel() has, behind `skip` columns, the columns first .. last - 1 of the
/// whole sound, to 1e-6: padding and pre-emphasis at its cuts reach no further.
/// @param samples of the whole sound, 16 kHz; it has these columns
LipCut lip_cut(int64_t samples, int64_t first, int64_t last);

}  // namespace vl::dsp
