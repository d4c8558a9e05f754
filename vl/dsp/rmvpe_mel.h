#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Log-mel front end of RMVPE: centred STFT (n_fft 1024, hop 160, periodic Hann, reflect padding)
/// in float32, magnitude, 128 HTK bands 30..8000 Hz with area normalisation, natural log of
/// max(x, 1e-5).
/// @param wave [B, T] float32 at 16 kHz
/// @param half_mel round the bands to float16 before the log, as the reference does in half mode
/// @return [B, 128, T / 160 + 1] float32 (integer division)
/// @throws Error(kBadValue) when T is below 513
at::Tensor rmvpe_mel(const at::Tensor& wave, bool half_mel = false);

}  // namespace vl::dsp
