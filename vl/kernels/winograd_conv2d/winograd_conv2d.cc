#include "vl/kernels/winograd_conv2d/winograd_conv2d.h"

#include <algorithm>
#include <cmath>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/parallel.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"
#include "vl/kernels/winograd_conv2d/winograd_conv2d_variants.h"

namespace vl::kernels {

namespace {

constexpr int64_t kBlockFloats = 1 << 17;  // of transformed input: half of a 1 MiB cache
constexpr int64_t kWide = 256;             // channels whose weights outgrow the cache

/// What each point takes from the three taps of one direction: (1, p, p^2) / N(p) for the points of
/// the kernel's Transform, N(p) the product of p's distances to the other ones.
std::vector<std::array<double, 3>> weight_transform(int64_t tile) {
  std::vector<double> points = {0, 1, -1};
  if (tile == 4) points = {0, std::sqrt(0.5), -std::sqrt(0.5), std::sqrt(2.0), -std::sqrt(2.0)};
  std::vector<std::array<double, 3>> out;
  for (const double p : points) {
    double scale = 1;
    for (const double q : points) scale *= q == p ? 1 : p - q;
    out.push_back({1 / scale, p / scale, p * p / scale});
  }
  out.push_back({0, 0, 1});
  return out;
}

}  // namespace

WinogradConv2d::WinogradConv2d(const float* weight, const float* bias, int64_t out, int64_t in,
                               int64_t padding, int64_t tile)
    : channels_(padded_channels(in)),
      columns_(padded_channels(out)),
      padding_(padding),
      tile_(tile),
      bias_(static_cast<size_t>(columns_)) {
  if (bias != nullptr) std::copy_n(bias, out, bias_.begin());
  const auto g = weight_transform(tile);
  const auto side = static_cast<int64_t>(g.size());
  const int64_t points = side * side;
  std::vector<float> u(static_cast<size_t>(points * channels_ * out));
  parallel_for(points, [&](int64_t point, int) {
    const auto &gy = g[static_cast<size_t>(point / side)],
               &gx = g[static_cast<size_t>(point % side)];
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < in; ++i) {
        const float* w = weight + (o * in + i) * 9;
        double sum = 0;
        for (size_t r = 0; r < 3; ++r)
          for (size_t c = 0; c < 3; ++c) sum += gy[r] * gx[c] * double{w[3 * r + c]};
        u[(point * channels_ + i) * out + o] = static_cast<float>(sum);
      }
  });
  weights_ = PackedMatrix(u.data(), points * channels_, out, out, 1);
}

std::array<int64_t, 2> WinogradConv2d::result_size(int64_t height, int64_t width) const {
  return {height + 2 * padding_ - 2, width + 2 * padding_ - 2};
}

int64_t WinogradConv2d::windows(const ImageMap& x) const {
  const auto [height, width] = result_size(x.height, x.width);
  return x.batch * ((height + tile_ - 1) / tile_) * ((width + tile_ - 1) / tile_);
}

/// As many as fit the cache; of wide maps enough to make the weights, which come from memory, worth
/// their way.
int64_t WinogradConv2d::block() const {
  const int64_t points = (tile_ + 2) * (tile_ + 2), least = channels_ >= kWide ? 48 : 12;
  return std::clamp<int64_t>(kBlockFloats / (points * channels_) / 12 * 12, least, 240);
}

int64_t WinogradConv2d::weights() const { return weights_.k() * columns_; }

int64_t WinogradConv2d::scratch() const {
  return channels_ + (tile_ + 2) * (tile_ + 2) * block() * (channels_ + 32);
}

void WinogradConv2d::run(const ImageMap& x, const ImageMap& y, int64_t begin, int64_t end,
                         const ConvFinish& finish, float* scratch) const {
  std::fill_n(scratch, channels_, 0.0F);
  const Winograd2dCall call = {
      .tile = tile_,
      .x = x.data,
      .height = x.height,
      .width = x.width,
      .x_stride = x.stride,
      .channels = channels_,
      .padding = padding_,
      .tile_rows = (y.height + tile_ - 1) / tile_,
      .tile_columns = (y.width + tile_ - 1) / tile_,
      .begin = begin,
      .end = end,
      .weights = weights_.panel(0),
      .bias = bias_.data(),
      .residual = finish.residual == nullptr ? nullptr : finish.residual->data,
      .residual_stride = finish.residual == nullptr ? 0 : finish.residual->stride,
      .relu = finish.relu,
      .y = y.data,
      .out_height = y.height,
      .out_width = y.width,
      .y_stride = y.stride,
      .columns = columns_,
      .first_column = finish.first_column,
      .end_column = std::min(finish.end_column, columns_),
      .block = block(),
      .scratch = scratch,
  };
  for_cpu(winograd_conv2d_generic, winograd_conv2d_avx2, winograd_conv2d_avx512)(call);
}

}  // namespace vl::kernels
