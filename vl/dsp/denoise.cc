#include "vl/dsp/denoise.h"

#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

at::Tensor bias_spectrum(const at::Tensor& bias_audio, const StftConfig& config) {
  check(bias_audio.dim() == 2 && bias_audio.size(0) == 1, Code::kBadValue,
        "the bias audio must be [1, samples]");
  return stft(bias_audio, config)[0].select(1, 0).abs();
}

at::Tensor denoise(const at::Tensor& wave, const at::Tensor& bias, double strength,
                   const StftConfig& config) {
  check(wave.dim() == 2, Code::kBadValue, "a wave of [batch, samples] is wanted");
  check(wave.isfinite().all().item<bool>(), Code::kBadValue, "the wave holds NaN or infinity");
  if (!(std::isfinite(strength) && strength >= 0.0))
    fail(Code::kBadValue, "denoiser strength is {}, not 0 or above", strength);
  if (bias.dim() != 1 || bias.size(0) != config.n_fft / 2 + 1)
    fail(Code::kBadValue, "the bias spectrum must be [{}]", config.n_fft / 2 + 1);
  const at::Tensor spectrum = stft(wave, config);
  const at::Tensor magnitude = spectrum.abs();
  const at::Tensor kept =
      (magnitude - bias.to(magnitude.options()).unsqueeze(1) * strength).clamp_min(0.0);
  // A silent cell has no phase; nothing is left of it either.
  const at::Tensor gain = at::where(magnitude > 0.0, kept / magnitude, at::zeros_like(kept));
  return istft(spectrum * gain, config);
}

}  // namespace vl::dsp
