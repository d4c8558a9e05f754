#include "vl/dsp/rmvpe_mel.h"

#include <ATen/ATen.h>

#include "vl/dsp/stft.h"

namespace vl::dsp {

namespace {

constexpr int64_t kFft = 1024, kHop = 160, kPad = kFft / 2;
constexpr int64_t kBlock = 512;  // frames of one spectrum, which is 8 times the size of its mel

at::Tensor mel_of(const at::Tensor& wave, Pad pad) {
  static const at::Tensor filters =
      mel_filterbank(MelScale::kHtk, 16000, kFft, 128, 30.0, 8000.0).to(at::kFloat);
  const at::Tensor spectrum =
      stft(wave, {.n_fft = kFft, .hop = kHop, .pad = pad, .pad_samples = kPad});
  return at::matmul(filters.to(wave.device()), spectrum.abs());
}

at::Tensor mel_in_blocks(const at::Tensor& wave, int64_t frames) {
  const at::Tensor x = at::reflection_pad1d(wave.unsqueeze(1), {kPad, kPad}).squeeze(1);
  at::Tensor out;
  for (int64_t begin = 0; begin < frames; begin += kBlock) {
    const int64_t count = std::min(kBlock, frames - begin), from = begin * kHop;
    const at::Tensor part = mel_of(x.slice(1, from, from + (count - 1) * kHop + kFft), Pad::kNone);
    if (!out.defined()) out = at::empty({part.size(0), part.size(1), frames}, part.options());
    out.slice(2, begin, begin + count).copy_(part);
  }
  return out;
}

}  // namespace

at::Tensor rmvpe_mel(const at::Tensor& wave, bool half_mel) {
  const at::Tensor x = wave.to(at::kFloat);
  const int64_t frames = x.size(-1) / kHop + 1;
  at::Tensor mel = frames <= kBlock ? mel_of(x, Pad::kReflect) : mel_in_blocks(x, frames);
  if (half_mel) mel = mel.to(at::kHalf).to(at::kFloat);
  return mel.clamp_min_(1e-5).log_();
}

}  // namespace vl::dsp
