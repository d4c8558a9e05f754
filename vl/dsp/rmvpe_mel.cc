#include "vl/dsp/rmvpe_mel.h"

#include <ATen/ATen.h>

#include "vl/dsp/stft.h"

namespace vl::dsp {

at::Tensor rmvpe_mel(const at::Tensor& wave, bool half_mel) {
  static const at::Tensor filters =
      mel_filterbank(MelScale::kHtk, 16000, 1024, 128, 30.0, 8000.0).to(at::kFloat);
  const at::Tensor spectrum = stft(
      wave.to(at::kFloat), {.n_fft = 1024, .hop = 160, .pad = Pad::kReflect, .pad_samples = 512});
  at::Tensor mel = at::matmul(filters.to(wave.device()), spectrum.abs());
  if (half_mel) mel = mel.to(at::kHalf).to(at::kFloat);
  return mel.clamp_min_(1e-5).log_();
}

}  // namespace vl::dsp
