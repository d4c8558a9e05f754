#include "vl/nn/feature_map.h"

#include <ATen/ATen.h>

#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::nn {

using kernels::padded_channels;

FeatureMap FeatureMap::empty(int64_t batch, int64_t height, int64_t width, int64_t channels) {
  return {at::empty({batch, height, width, padded_channels(channels)}), channels};
}

FeatureMap FeatureMap::side_by_side(int64_t batch, int64_t height, int64_t width,
                                    const std::vector<int64_t>& channels) {
  int64_t sum = 0;
  for (const int64_t c : channels) sum += padded_channels(c);
  return empty(batch, height, width, sum);
}

FeatureMap FeatureMap::copy(const at::Tensor& x) {
  FeatureMap out = empty(x.size(0), x.size(2), x.size(3), x.size(1));
  out.nchw().copy_(x);
  if (out.pixels.size(3) > out.channels) out.pixels.slice(3, out.channels).zero_();
  return out;
}

FeatureMap FeatureMap::copy_narrow(const at::Tensor& x) {
  return {x.permute({0, 2, 3, 1}).contiguous(), x.size(1)};
}

FeatureMap FeatureMap::part(int64_t first, int64_t part_channels) const {
  return {pixels.slice(3, first, first + padded_channels(part_channels)), part_channels};
}

at::Tensor FeatureMap::nchw() const { return pixels.slice(3, 0, channels).permute({0, 3, 1, 2}); }

kernels::ImageMap FeatureMap::view() const {
  return {pixels.data_ptr<float>(), pixels.size(0), pixels.size(1), pixels.size(2),
          pixels.stride(2)};
}

FeatureMap max_pooled(const FeatureMap& x) {
  const int64_t batch = x.pixels.size(0), height = x.pixels.size(1) / 2,
                width = x.pixels.size(2) / 2, channels = x.pixels.size(3);
  const auto rows = [&](int64_t first) {
    return x.pixels.slice(1, first, 2 * height, 2).slice(2, 0, 2 * width);
  };
  const at::Tensor half =
      at::maximum(rows(0), rows(1)).reshape({batch, height, width, 2, channels});
  return {at::maximum(half.select(3, 0), half.select(3, 1)), x.channels};
}

}  // namespace vl::nn
