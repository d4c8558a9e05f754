#include "vl/dsp/mfcc.h"

#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kFrame = 400, kFft = 512, kFilters = 26, kLifter = 22, kBlock = 4096;
constexpr double kPreemphasis = 0.97, kSmallest = 2.220446049250313e-16;

double to_mel(double hz) { return 2595.0 * std::log10(1.0 + hz / 700.0); }
double to_hz(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

/// [26, 257]: triangles between whole FFT bins, height 1.
at::Tensor filters() {
  std::vector<int64_t> edge(kFilters + 2);
  for (size_t i = 0; i < edge.size(); ++i) {
    const double mel = to_mel(kMfccRate / 2.0) * static_cast<double>(i) / (kFilters + 1);
    edge[i] = static_cast<int64_t>(std::floor((kFft + 1) * to_hz(mel) / kMfccRate));
  }
  at::Tensor out = at::zeros({kFilters, kFft / 2 + 1}, at::kDouble);
  auto w = out.accessor<double, 2>();
  for (size_t j = 0; j < kFilters; ++j) {
    const int64_t left = edge[j], top = edge[j + 1], right = edge[j + 2];
    const auto row = static_cast<int64_t>(j);
    for (int64_t k = left; k < top; ++k)
      w[row][k] = static_cast<double>(k - left) / static_cast<double>(top - left);
    for (int64_t k = top; k < right; ++k)
      w[row][k] = static_cast<double>(right - k) / static_cast<double>(right - top);
  }
  return out;
}

/// [26, 13]: orthonormal DCT-II times the lifter.
at::Tensor lifted_dct() {
  at::Tensor out = at::empty({kFilters, kMfccCoefficients}, at::kDouble);
  auto w = out.accessor<double, 2>();
  for (int64_t n = 0; n < kMfccCoefficients; ++n) {
    const double norm = std::sqrt((n == 0 ? 1.0 : 2.0) / kFilters);
    const double lift = 1.0 + kLifter / 2.0 * std::sin(M_PI * static_cast<double>(n) / kLifter);
    for (int64_t k = 0; k < kFilters; ++k)
      w[k][n] =
          norm * lift * std::cos(M_PI * static_cast<double>(n * (2 * k + 1)) / (2.0 * kFilters));
  }
  return out;
}

at::Tensor log_of(const at::Tensor& x) { return x.masked_fill(x == 0, kSmallest).log(); }

/// Frames [begin, end) of the int16 samples.
at::Tensor block_mfcc(const at::Tensor& samples, int64_t begin, int64_t end) {
  static const at::Tensor kBank = filters().t().contiguous(), kDct = lifted_dct();
  const int64_t first = begin * kMfccHop, length = (end - begin - 1) * kMfccHop + kFrame;
  const int64_t last = std::min(first + length, samples.size(0));
  at::Tensor x = samples.slice(0, first, last).to(at::kDouble);
  const at::Tensor before = first > 0 ? samples.slice(0, first - 1, last - 1).to(at::kDouble)
                                      : at::constant_pad_nd(x.slice(0, 0, -1), {1, 0});
  x = at::constant_pad_nd(x - kPreemphasis * before, {0, length - (last - first)});
  const at::Tensor spectrum = at::fft_rfft(x.unfold(0, kFrame, kMfccHop), kFft);
  const at::Tensor power = at::view_as_real(spectrum).square().sum(-1) / kFft;
  at::Tensor out = at::matmul(log_of(at::matmul(power, kBank)), kDct);
  out.select(1, 0).copy_(log_of(power.sum(1)));
  return out.to(at::kFloat).t();
}

}  // namespace

at::Tensor mfcc(const at::Tensor& wave) {
  const at::Tensor x = wave.reshape({-1});
  if (x.numel() == 0) fail(Code::kBadValue, "there are no samples to take cepstra of");
  if (!x.isfinite().all().item<bool>())
    fail(Code::kBadValue, "the speech holds NaN or infinite samples");
  const at::Tensor samples = (x * 32768.0).round().clamp(-32768, 32767).to(at::kShort);
  const int64_t n = samples.size(0);
  const int64_t frames = n <= kFrame ? 1 : 1 + (n - kFrame + kMfccHop - 1) / kMfccHop;
  std::vector<at::Tensor> blocks;
  for (int64_t begin = 0; begin < frames; begin += kBlock)
    blocks.push_back(block_mfcc(samples, begin, std::min(frames, begin + kBlock)));
  return at::cat(blocks, 1).contiguous();
}

}  // namespace vl::dsp
