#pragma once

#include <array>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/conv2d/conv2d.h"
#include "vl/kernels/winograd_conv2d/winograd_conv2d.h"
#include "vl/nn/feature_map.h"

namespace vl::nn {

/// Two-dimensional convolution, plain or transposed, with bias, residual and ReLU in one pass on
/// our CPU kernels: float32, channels last. The references are at::conv2d and at::conv_transpose2d;
/// the results differ by rounding, and those of a picture have the same bits in any batch.
class FusedConv2d {
 public:
  struct Options {
    std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0};
    /// Results are stride times as many as inputs; kernel, stride and padding are square.
    bool transposed = false;
    bool narrow = false;  ///< the input is a FeatureMap::copy_narrow()
    /// Typical height and width of the result: decides which form serves a 3 x 3 convolution of
    /// stride 1 best. Results are right for any size.
    int64_t side = 0;
    /// Channel counts of the maps that lie side by side in the input; empty for one map.
    std::vector<int64_t> parts = {};
  };

  /// @param weight [out, in, kh, kw], transposed: [in, out, k, k]
  /// @param bias [out]
  FusedConv2d(const at::Tensor& weight, const at::Tensor& bias, const Options& options);

  /// y = convolution of x, plus `residual` if there is one, then ReLU if asked for; the work is
  /// shared by the threads.
  /// @param y of the result's size; may be `residual` but not x
  void run(const FeatureMap& x, const FeatureMap& y, const FeatureMap* residual, bool relu) const;
  /// Into a new map.
  FeatureMap operator()(const FeatureMap& x, const FeatureMap* residual, bool relu) const;

 private:
  int64_t out_;
  std::variant<kernels::DirectConv2d, kernels::WinogradConv2d> form_;
};

}  // namespace vl::nn
