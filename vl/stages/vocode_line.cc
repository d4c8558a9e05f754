#include "vl/stages/vocode_line.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/denoise.h"

namespace vl::stages {

namespace {

constexpr int64_t kChunkFrames = 512;
constexpr int64_t kBiasFrames = 88;

const at::Tensor& check_sound(const at::Tensor& wave) {
  if (!wave.isfinite().all().item<bool>())
    fail(Code::kBadWeights, "HiFi-GAN gives a sound that holds no numbers: damaged weights?");
  return wave;
}

/// Factor of each sample of the frames [first, first + count): the frames' own in their middles, a
/// straight line between them.
at::Tensor sample_gain(const at::Tensor& gain, int64_t first, int64_t count, int64_t hop) {
  const at::Tensor at = (at::arange(first * hop, (first + count) * hop, at::kDouble) + 0.5) /
                            static_cast<double>(hop) -
                        0.5;
  const int64_t last = gain.size(0) - 1;
  const at::Tensor low = at.floor().clamp(0, static_cast<double>(last)).to(at::kLong),
                   high = (low + 1).clamp_max(last);
  const at::Tensor share = (at - low).clamp(0.0, 1.0).to(at::kFloat);
  return gain.index_select(0, low) * (1.0 - share) + gain.index_select(0, high) * share;
}

/// Fades the samples from `begin` on of a wave of `total`.
void fade_out(at::Tensor& wave, int64_t begin, int64_t total, int64_t fade) {
  const int64_t from = std::max(begin, total - fade), to = begin + wave.size(0);
  if (fade == 0 || from >= to) return;
  const double steps = static_cast<double>(std::max<int64_t>(1, fade - 1));
  const at::Tensor ramp =
      (static_cast<double>(total - 1) - at::arange(from, to, at::kDouble)) / steps;
  wave.slice(0, from - begin, to - begin).mul_(ramp.to(at::kFloat));
}

}  // namespace

VocodeLine::VocodeLine(std::shared_ptr<const models::hifigan::Generator> generator, double strength)
    : generator_(std::move(generator)), strength_(strength) {
  if (strength_ == 0) return;
  const at::Tensor silence = at::zeros({1, generator_->config().num_mels, kBiasFrames});
  bias_ = dsp::bias_spectrum(check_sound(generator_->forward(silence)).squeeze(1));
}

/// The vocoder's samples [begin, end), zeros behind its last one.
at::Tensor VocodeLine::samples(const at::Tensor& mel, int64_t begin, int64_t end) const {
  const int64_t hop = generator_->config().samples_per_frame(), total = mel.size(2) * hop;
  const int64_t first = begin / hop, last = std::min((end + hop - 1) / hop, mel.size(2));
  at::Tensor out = at::zeros({0});
  if (last > first)
    out = models::hifigan::vocode_span(*generator_, mel, first, last - first)
              .reshape({-1})
              .slice(0, begin - first * hop, std::min(end, total) - first * hop);
  return at::constant_pad_nd(check_sound(out), {0, end - begin - out.size(0)});
}

/// The denoised samples of the frames [first, first + count).
at::Tensor VocodeLine::span(const at::Tensor& mel, int64_t first, int64_t count) const {
  const int64_t hop = generator_->config().samples_per_frame();
  const int64_t begin = first * hop, end = (first + count) * hop;
  if (!bias_.defined()) return samples(mel, begin, end);
  const dsp::StftConfig stft;
  // A sample depends on the frames around it and these on theirs; outside of that, a window of the
  // wave gives what the whole wave gives. The whole is a number of hops, longer than the padding.
  const int64_t reach = stft.n_fft, unit = stft.hop, total = mel.size(2) * hop;
  const int64_t whole = std::max((total + unit - 1) / unit * unit, stft.pad_samples + unit);
  const int64_t from = std::max<int64_t>(0, (begin - reach) / unit * unit),
                to = std::min(whole, (end + reach + unit - 1) / unit * unit);
  const at::Tensor wave = samples(mel, from, to).unsqueeze(0);
  return dsp::denoise(wave, bias_, strength_)[0].slice(0, begin - from, end - from);
}

void VocodeLine::run(const LineMel& line, const VocodeCalls& calls) const {
  const int64_t frames = line.mel.size(1), hop = generator_->config().samples_per_frame();
  const at::Tensor mel = line.mel.unsqueeze(0);
  const int64_t fade = std::min(calls.fade_frames, frames) * hop;
  for (int64_t first = 0, count = 0; first < frames; first += count) {
    if (calls.check) calls.check();
    count = std::min(first == 0 ? calls.first_chunk : kChunkFrames, frames - first);
    at::Tensor wave = span(mel, first, count);
    if (line.gain.defined()) wave = wave * sample_gain(line.gain, first, count, hop);
    fade_out(wave, first * hop, frames * hop, fade);
    calls.sink(wave);
  }
}

}  // namespace vl::stages
