#pragma once

#include <ATen/core/Tensor.h>

#include "vl/kernels/separable_conv2d/separable_conv2d.h"
#include "vl/nn/feature_map.h"

namespace vl::nn {

/// A 1 x 1 convolution with bias, then a depthwise 3 x 3 one with padding 1 and bias, ReLU and 2 x
/// 2 max-pooling on our CPU kernels, the work shared by the threads. The reference is at::conv2d
/// twice; results differ by rounding, and those of a picture have the same bits in any batch.
class FusedSeparableConv2d {
 public:
  /// @param point [out, in, 1, 1], depth [out, 1, 3, 3]; their biases [out]
  FusedSeparableConv2d(const at::Tensor& point, const at::Tensor& point_bias,
                       const at::Tensor& depth, const at::Tensor& depth_bias, bool relu);

  FeatureMap operator()(const FeatureMap& x) const;
  /// Only the pooled results, or both. Height and width are even.
  FeatureMap pooled(const FeatureMap& x, FeatureMap* unpooled = nullptr) const;

 private:
  void run(const FeatureMap& x, const FeatureMap* y, const FeatureMap* pooled) const;

  int64_t out_;
  kernels::SeparableConv2d conv_;
};

/// large += small, each value of it repeated twice in both directions (nearest-neighbour
/// upsampling); maps of the same channels.
void add_upsampled(const FeatureMap& small, const FeatureMap& large);

}  // namespace vl::nn
