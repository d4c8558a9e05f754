#include "vl/kernels/direct_conv1d/direct_conv1d.h"

#include <algorithm>

namespace vl::kernels {

namespace {

constexpr int64_t kRows = 96;  // at once: their sums stay in the cache from tap to tap

}  // namespace

DirectConv1d::DirectConv1d(const float* weight, const float* bias, int64_t out, int64_t in,
                           int64_t kernel, int64_t dilation)
    : channels_(padded_channels(in)),
      columns_(padded_channels(out)),
      dilation_(dilation),
      reach_(kernel / 2 * dilation),
      bias_(static_cast<size_t>(columns_)) {
  if (bias != nullptr) std::copy_n(bias, out, bias_.begin());
  std::vector<float> tap(static_cast<size_t>(channels_ * out));
  for (int64_t k = 0; k < kernel; ++k) {
    for (int64_t i = 0; i < in; ++i)
      for (int64_t o = 0; o < out; ++o) tap[i * out + o] = weight[(o * in + i) * kernel + k];
    taps_.emplace_back(tap.data(), channels_, out, out, 1);
  }
}

int64_t DirectConv1d::scratch() const {
  return (kRows + 2 * reach_) * channels_ + kRows * columns_;
}

/// The rows begin .. end - 1 of x behind the leaky ReLU.
void DirectConv1d::activate(const SignalRows& x, int64_t begin, int64_t end, float slope,
                            float* out) const {
  for (int64_t row = begin; row < end; ++row, out += channels_) {
    if (row < x.begin || row >= x.end) {
      std::fill_n(out, channels_, 0.0F);
      continue;
    }
    const float* from = x.data + (row - x.begin) * channels_;
    for (int64_t c = 0; c < channels_; ++c) out[c] = std::max(from[c], from[c] * slope);
  }
}

void DirectConv1d::finish(const float* sums, const SignalRows& y, int64_t begin, int64_t end,
                          const Options& o) const {
  for (int64_t row = begin; row < end; ++row, sums += columns_) {
    float* out = y.data + (row - y.begin) * columns_;
    const float* kept =
        o.residual == nullptr ? nullptr : o.residual->data + (row - o.residual->begin) * columns_;
    for (int64_t c = 0; c < columns_; ++c) {
      float sum = sums[c];
      if (kept != nullptr) sum += kept[c];
      if (o.add) sum += out[c];
      sum *= o.scale;
      out[c] = std::max(sum, sum * o.out_slope);
    }
  }
}

void DirectConv1d::run(const SignalRows& x, const SignalRows& y, int64_t begin, int64_t end,
                       const Options& options, float* scratch) const {
  float* sums = scratch + (kRows + 2 * reach_) * channels_;
  for (int64_t row = begin; row < end; row += kRows) {
    const int64_t rows = std::min(kRows, end - row);
    activate(x, row - reach_, row + rows + reach_, options.slope, scratch);
    for (size_t k = 0; k < taps_.size(); ++k)
      gemm(rows, scratch + static_cast<int64_t>(k) * dilation_ * channels_, channels_, taps_[k],
           sums, columns_, k == 0 ? bias_.data() : nullptr, k > 0);
    finish(sums, y, row, row + rows, options);
  }
}

}  // namespace vl::kernels
