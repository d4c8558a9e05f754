#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

#include <algorithm>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d_variants.h"

namespace vl::kernels {

namespace {

constexpr int64_t kTaps = 4;
constexpr int64_t kBlockFloats = 7 * 64 * 256;  // of transformed input: half of a 1 MiB cache

constexpr int64_t kWide = 256;  // channels whose weights outgrow the cache

/// What each product takes from 4 taps; the rows of the input transform are scaled to match.
constexpr double kTransform[7][4] = {
    {-2, 0, 0, 0},
    {-4.0 / 3, -4.0 / 3, -4.0 / 3, -4.0 / 3},
    {8.0 / 9, -8.0 / 9, 8.0 / 9, -8.0 / 9},
    {1.0 / 18, 1.0 / 9, 2.0 / 9, 4.0 / 9},
    {-1.0 / 30, 1.0 / 15, -2.0 / 15, 4.0 / 15},
    {128.0 / 45, 64.0 / 45, 32.0 / 45, 16.0 / 45},
    {0, 0, 0, 4},
};

/// Tiles at once: a multiple of the 12 rows of the product that fits the cache; of wide signals as
/// many as make the weights, which come from memory, worth their way.
int64_t block_of(int64_t channels) {
  const int64_t least = channels > kWide ? 120 : 12;
  return std::clamp<int64_t>(kBlockFloats / (7 * channels) / 12 * 12, least, 240);
}

}  // namespace

WinogradConv1d::WinogradConv1d(const float* weight, const float* bias, int64_t out, int64_t in,
                               int64_t kernel, int64_t dilation)
    : channels_(padded_channels(in)),
      columns_(padded_channels(out)),
      groups_((kernel + kTaps - 1) / kTaps),
      dilation_(dilation),
      reach_(kernel / 2 * dilation),
      bias_(static_cast<size_t>(columns_)) {
  if (bias != nullptr) std::copy_n(bias, out, bias_.begin());
  std::vector<float> u(static_cast<size_t>(groups_ * channels_ * columns_));
  for (size_t p = 0; p < weights_.size(); ++p) {
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < in; ++i)
        for (int64_t g = 0; g < groups_; ++g) {
          double sum = 0;
          for (int64_t k = g * kTaps; k < std::min(kernel, (g + 1) * kTaps); ++k)
            sum += kTransform[p][k - g * kTaps] * double{weight[(o * in + i) * kernel + k]};
          u[(g * channels_ + i) * columns_ + o] = static_cast<float>(sum);
        }
    weights_[p] = PackedMatrix(u.data(), groups_ * channels_, columns_, columns_, 1);
  }
}

int64_t WinogradConv1d::scratch() const {
  const int64_t block = block_of(channels_);
  return 7 * (block + groups_ - 1) * channels_ + 7 * block * 32;
}

void WinogradConv1d::run(const SignalRows& x, const SignalRows& y, int64_t begin, int64_t end,
                         const Options& options, float* scratch) const {
  if (begin >= end) return;
  const float* weights[7];
  for (size_t p = 0; p < weights_.size(); ++p) weights[p] = weights_[p].panel(0);
  const SignalRows* residual = options.residual;
  const int64_t block = block_of(channels_);
  const WinogradCall call = {
      .x = x.data,
      .x_begin = x.begin,
      .x_end = x.end,
      .channels = channels_,
      .slope = options.slope,
      .weights = weights,
      .bias = bias_.data(),
      .columns = columns_,
      .first_column = options.first_column,
      .end_column = std::min(options.end_column, columns_),
      .groups = groups_,
      .dilation = dilation_,
      .before = reach_,
      .residual = residual == nullptr ? nullptr : residual->data,
      .residual_begin = residual == nullptr ? 0 : residual->begin,
      .y = y.data,
      .y_begin = y.begin,
      .begin = begin,
      .end = end,
      .add = options.add,
      .scale = options.scale,
      .out_slope = options.out_slope,
      .block = block,
      .v_tiles = block + groups_ - 1,
      .scratch = scratch,
  };
  for_cpu(winograd_conv1d_generic, winograd_conv1d_avx2, winograd_conv1d_avx512)(call);
}

}  // namespace vl::kernels
