#include "vl/kernels/separable_conv2d/separable_conv2d.h"

#include <algorithm>

#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/separable_conv2d/separable_conv2d_variants.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::kernels {

namespace {

constexpr int64_t kTaps = 9;

float* picture(const ImageMap& map, int64_t b) {
  return map.data == nullptr ? nullptr : map.data + b * map.height * map.width * map.stride;
}

}  // namespace

SeparableConv2d::SeparableConv2d(const float* point, const float* point_bias, const float* depth,
                                 const float* depth_bias, int64_t out, int64_t in, bool relu)
    : channels_(padded_channels(in)),
      columns_(padded_channels(out)),
      relu_(relu),
      point_bias_(static_cast<size_t>(columns_)),
      depth_(static_cast<size_t>(kTaps * columns_)),
      depth_bias_(static_cast<size_t>(columns_)) {
  std::vector<float> rows(static_cast<size_t>(channels_ * out));
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i) rows[i * out + o] = point[o * in + i];
  point_ = PackedMatrix(rows.data(), channels_, out, out, 1);
  std::copy_n(point_bias, out, point_bias_.begin());
  std::copy_n(depth_bias, out, depth_bias_.begin());
  for (int64_t o = 0; o < out; ++o)
    for (int64_t k = 0; k < kTaps; ++k) depth_[k * columns_ + o] = depth[o * kTaps + k];
}

void SeparableConv2d::run(const ImageMap& x, const ImageMap& y, const ImageMap& pooled, int64_t b,
                          int64_t begin, int64_t end, float* scratch) const {
  const SeparableCall call = {
      .x = picture(x, b),
      .height = x.height,
      .width = x.width,
      .x_stride = x.stride,
      .channels = channels_,
      .point = point_.panel(0),
      .point_bias = point_bias_.data(),
      .depth = depth_.data(),
      .depth_bias = depth_bias_.data(),
      .columns = columns_,
      .relu = relu_,
      .y = picture(y, b),
      .y_stride = y.stride,
      .pooled = picture(pooled, b),
      .pooled_stride = pooled.stride,
      .begin = begin,
      .end = end,
      .scratch = scratch,
  };
  for_cpu(separable_conv2d_generic, separable_conv2d_avx2, separable_conv2d_avx512)(call);
}

}  // namespace vl::kernels
