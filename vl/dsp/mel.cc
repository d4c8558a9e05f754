#include "vl/dsp/mel.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/stft.h"

namespace vl::dsp {

namespace {

constexpr double kFloor = 1e-5;
constexpr double kHifiganEpsilon = 1e-9;

}  // namespace

at::Tensor log_mel(const at::Tensor& wave, MelKind kind, const MelConfig& c) {
  check(wave.dim() == 2, Code::kBadValue, "a wave of [batch, samples] is wanted");
  check(wave.isfinite().all().item<bool>(), Code::kBadValue, "the wave holds NaN or infinity");
  if (!(c.fmin >= 0.0 && c.fmax > c.fmin && c.fmax <= static_cast<double>(c.sample_rate) / 2))
    fail(Code::kBadValue, "mel bins from {} to {} Hz do not fit a rate of {} Hz", c.fmin, c.fmax,
         c.sample_rate);
  const bool centred = kind == MelKind::kFastPitch;
  const StftConfig frames{.n_fft = c.n_fft,
                          .hop = c.hop,
                          .pad = Pad::kReflect,
                          .pad_samples = centred ? c.n_fft / 2 : (c.n_fft - c.hop) / 2};
  const at::Tensor spectrum = at::view_as_real(stft(wave.to(at::kDouble), frames));
  const at::Tensor power = spectrum.square().sum(-1);
  const at::Tensor magnitude = at::sqrt(centred ? power : power + kHifiganEpsilon);
  const at::Tensor basis =
      mel_filterbank(MelScale::kSlaney, c.sample_rate, c.n_fft, c.n_mels, c.fmin, c.fmax)
          .to(wave.device());
  return at::matmul(basis, magnitude).clamp_min(kFloor).log().to(at::kFloat);
}

at::Tensor mel_energy(const at::Tensor& mel) { return mel.square().sum(1).sqrt(); }

}  // namespace vl::dsp
