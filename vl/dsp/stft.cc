#include "vl/dsp/stft.h"

#include <limits>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

at::Tensor hann_window(int64_t n, at::ScalarType dtype) {
  const at::Tensor i = at::arange(n, at::kDouble);
  return (0.5 - 0.5 * at::cos(i * (2.0 * M_PI / static_cast<double>(n)))).to(dtype);
}

at::Tensor stft(const at::Tensor& wave, const StftConfig& c) {
  const int64_t length = wave.size(-1);
  const int64_t pad = c.pad == Pad::kNone ? 0 : c.pad_samples;
  if (c.pad == Pad::kReflect && length <= pad)
    fail(Code::kBadValue, "{} samples are too few: the spectrogram needs more than {}", length,
         pad);
  if (length + 2 * pad < c.n_fft)
    fail(Code::kBadValue, "{} samples are too few: the spectrogram needs at least {}", length,
         c.n_fft - 2 * pad);
  at::Tensor x = wave;
  if (c.pad == Pad::kReflect) x = at::reflection_pad1d(x.unsqueeze(1), {pad, pad}).squeeze(1);
  if (c.pad == Pad::kZero) x = at::constant_pad_nd(x, {pad, pad});
  const at::Tensor frames =
      x.unfold(-1, c.n_fft, c.hop) * hann_window(c.n_fft, wave.scalar_type()).to(wave.device());
  return at::fft_rfft(frames).transpose(1, 2);
}

at::Tensor istft(const at::Tensor& spectrum, const StftConfig& c) {
  const at::Tensor frames = at::fft_irfft(spectrum.transpose(1, 2), c.n_fft);  // [B, F, n_fft]
  const at::Tensor window = hann_window(c.n_fft, frames.scalar_type()).to(frames.device());
  const int64_t batch = frames.size(0), count = frames.size(1),
                total = (count - 1) * c.hop + c.n_fft;
  const auto overlap_add = [&](const at::Tensor& rows) {  // [N, F, n_fft] -> [N, total]
    return at::col2im(rows.transpose(1, 2), {1, total}, {1, c.n_fft}, {1, 1}, {0, 0}, {1, c.hop})
        .reshape({-1, total});
  };
  at::Tensor out = overlap_add(frames * window);
  const at::Tensor weight = overlap_add((window * window).expand({1, count, c.n_fft}));
  const at::Tensor used = weight > std::numeric_limits<float>::min();
  out = at::where(used, out / at::where(used, weight, at::ones_like(weight)), out);
  const int64_t cut = c.pad == Pad::kNone ? 0 : c.pad_samples;
  return out.slice(1, cut, total - cut).reshape({batch, total - 2 * cut});
}

namespace {

double to_mel(MelScale scale, double hz) {
  if (scale == MelScale::kHtk) return 2595.0 * std::log10(1.0 + hz / 700.0);
  return hz < 1000.0 ? 3.0 * hz / 200.0 : 15.0 + 27.0 * std::log(hz / 1000.0) / std::log(6.4);
}

double to_hz(MelScale scale, double mel) {
  if (scale == MelScale::kHtk) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  return mel < 15.0 ? 200.0 * mel / 3.0 : 1000.0 * std::exp((mel - 15.0) * std::log(6.4) / 27.0);
}

}  // namespace

at::Tensor mel_filterbank(MelScale scale, int64_t sample_rate, int64_t n_fft, int64_t n_mels,
                          double fmin, double fmax) {
  const double low = to_mel(scale, fmin), high = to_mel(scale, fmax);
  std::vector<double> edges(static_cast<size_t>(n_mels) + 2);
  for (size_t i = 0; i < edges.size(); ++i)
    edges[i] =
        to_hz(scale, low + (high - low) * static_cast<double>(i) / static_cast<double>(n_mels + 1));
  const int64_t bins = n_fft / 2 + 1;
  at::Tensor out = at::zeros({n_mels, bins}, at::kDouble);
  auto rows = out.accessor<double, 2>();
  for (int64_t m = 0; m < n_mels; ++m) {
    const double a = edges[static_cast<size_t>(m)], b = edges[static_cast<size_t>(m) + 1],
                 c = edges[static_cast<size_t>(m) + 2];
    for (int64_t k = 0; k < bins; ++k) {
      const double f = static_cast<double>(k * sample_rate) / static_cast<double>(n_fft);
      const double triangle = std::max(0.0, std::min((f - a) / (b - a), (c - f) / (c - b)));
      // librosa, whose bands these are, keeps the triangles as float32 before it scales them.
      rows[m][k] = static_cast<float>(triangle) * (2.0 / (c - a));
    }
  }
  return out;
}

}  // namespace vl::dsp
