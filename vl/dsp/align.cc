#include "vl/dsp/align.h"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

/// lgamma of the C library writes a global sign; arguments here are positive.
double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

double beta_binomial(int64_t j, int64_t n, int64_t a, int64_t b) {
  const auto jd = static_cast<double>(j), nd = static_cast<double>(n), ad = static_cast<double>(a),
             bd = static_cast<double>(b);
  const double log_choose = log_gamma(nd + 1.0) - log_gamma(jd + 1.0) - log_gamma(nd - jd + 1.0);
  return std::exp(log_choose + log_beta(jd + ad, nd - jd + bd) - log_beta(ad, bd));
}

/// Linear resize along dimension 0 with aligned corners.
at::Tensor resize_rows(const at::Tensor& in, int64_t rows) {
  const int64_t last = in.size(0) - 1;
  const double step = rows > 1 ? static_cast<double>(last) / static_cast<double>(rows - 1) : 0.0;
  const at::Tensor at_row = at::arange(rows, at::kDouble) * step;
  const at::Tensor low = at_row.floor().clamp_max(static_cast<double>(last));
  const at::Tensor part = (at_row - low).unsqueeze(1);
  const at::Tensor below = low.to(at::kLong), above = (below + 1).clamp_max(last);
  return in.index_select(0, below) * (1.0 - part) + in.index_select(0, above) * part;
}

int64_t rounded_size(int64_t length, int64_t unit) {
  const double units = std::nearbyint(static_cast<double>(length + 1) / static_cast<double>(unit));
  return std::max<int64_t>(1, static_cast<int64_t>(units)) * unit;
}

void check_lengths(int64_t text_len, int64_t mel_len) {
  if (text_len < 1 || mel_len < 1)
    fail(Code::kBadValue, "a prior of {} frames and {} symbols", mel_len, text_len);
}

}  // namespace

Alignment monotonic_align(const at::Tensor& log_attn) {
  check(log_attn.dim() == 2 && log_attn.numel() > 0, Code::kBadValue,
        "an alignment of [frames, symbols] is wanted");
  const int64_t frames = log_attn.size(0), symbols = log_attn.size(1);
  if (frames < symbols)
    fail(Code::kBadValue, "{} frames cannot be aligned with {} symbols", frames, symbols);
  const at::Tensor x = log_attn.to(at::kCPU, at::kFloat).contiguous();
  check(x.lt(std::numeric_limits<float>::infinity()).all().item<bool>(), Code::kBadValue,
        "the alignment holds NaN or infinity");
  const float* score = x.const_data_ptr<float>();
  const auto width = static_cast<size_t>(symbols);
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  // diagonal[i][j]: the best path into (i, j) comes from (i - 1, j - 1).
  std::vector<uint8_t> diagonal(static_cast<size_t>(frames) * width, 0);
  std::vector<float> best(width, kNever);
  best[0] = score[0];
  for (size_t i = 1; i < static_cast<size_t>(frames); ++i) {
    const float* row = score + i * width;
    for (size_t j = width; j-- > 1;) {
      const bool step = best[j - 1] >= best[j];
      diagonal[i * width + j] = step;
      best[j] = row[j] + (step ? best[j - 1] : best[j]);
    }
    best[0] += row[0];
  }
  Alignment out{at::empty({frames}, at::kLong), at::zeros({symbols}, at::kLong)};
  int64_t* path = out.path.mutable_data_ptr<int64_t>();
  int64_t* dur = out.dur.mutable_data_ptr<int64_t>();
  size_t j = width - 1;
  for (size_t i = static_cast<size_t>(frames); i-- > 0;) {
    path[i] = static_cast<int64_t>(j);
    ++dur[j];
    if (j > 0 && diagonal[i * width + j]) --j;
  }
  return out;
}

at::Tensor beta_binomial_prior(int64_t text_len, int64_t mel_len) {
  check_lengths(text_len, mel_len);
  const at::Tensor out = at::empty({mel_len, text_len}, at::kDouble);
  double* p = out.mutable_data_ptr<double>();
  for (int64_t i = 1; i <= mel_len; ++i)
    for (int64_t j = 0; j < text_len; ++j) *p++ = beta_binomial(j, text_len, i, mel_len + 1 - i);
  return out;
}

at::Tensor interpolated_prior(int64_t text_len, int64_t mel_len) {
  check_lengths(text_len, mel_len);
  const int64_t frames = rounded_size(mel_len, 100), symbols = rounded_size(text_len, 20);
  const at::Tensor grid = at::empty({frames, symbols}, at::kDouble);
  double* p = grid.mutable_data_ptr<double>();
  for (int64_t m = 0; m < frames; ++m)
    for (int64_t t = 0; t < symbols; ++t) *p++ = beta_binomial(m, frames, t + 1, symbols - t);
  return resize_rows(resize_rows(grid, mel_len).t(), text_len).t().contiguous();
}

}  // namespace vl::dsp
