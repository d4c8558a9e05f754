#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/conv2d/image_map.h"

namespace vl::nn {

/// Pictures of one size with channels last, as the 2-D kernels read them: channels padded with
/// zeros to a multiple of 16. Maps of one height and width can lie side by side in a wider one.
struct FeatureMap {
  at::Tensor pixels;  ///< float32 [B, H, W, padded channels], dense but for the last dimension
  int64_t channels = 0;

  /// Without values, padding included: every kernel writes the padding of its result.
  static FeatureMap empty(int64_t batch, int64_t height, int64_t width, int64_t channels);
  /// Maps of these channel counts side by side; part() gives one.
  static FeatureMap side_by_side(int64_t batch, int64_t height, int64_t width,
                                 const std::vector<int64_t>& channels);
  /// @param x float32 [B, C, H, W] on the CPU
  static FeatureMap copy(const at::Tensor& x);
  /// The same without padding, for the first convolution of a picture (Options::narrow).
  static FeatureMap copy_narrow(const at::Tensor& x);

  /// The map that begins at padded channel `first`; shares the memory.
  FeatureMap part(int64_t first, int64_t channels) const;
  /// [B, C, H, W] without the padding, a view.
  at::Tensor nchw() const;
  kernels::ImageMap view() const;
};

/// 2 x 2 max-pooling of stride 2, as at::max_pool2d: an odd last row or column is left out. The map
/// is not a part.
FeatureMap max_pooled(const FeatureMap& x);

}  // namespace vl::nn
