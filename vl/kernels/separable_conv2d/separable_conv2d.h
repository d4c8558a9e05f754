#pragma once

#include <cstdint>
#include <vector>

#include "vl/kernels/conv2d/image_map.h"
#include "vl/kernels/gemm/gemm.h"

namespace vl::kernels {

/// A 1 x 1 convolution, then a 3 x 3 one with padding 1 that keeps channels apart, ReLU and 2 x 2
/// max-pooling, without a map in between: a few rows of the first are held while the second reads
/// them. Maps have channels padded to a multiple of 16.
class SeparableConv2d {
 public:
  SeparableConv2d() = default;
  /// @param point [out, in], depth [out, 3, 3], both contiguous; their biases [out]
  SeparableConv2d(const float* point, const float* point_bias, const float* depth,
                  const float* depth_bias, int64_t out, int64_t in, bool relu);

  /// Padded output channels.
  int64_t columns() const { return columns_; }
  /// Floats of scratch memory that run() wants for a width.
  int64_t scratch(int64_t width) const { return 4 * (width + 2) * columns_; }

  /// Rows begin .. end - 1 of picture b, on the calling thread. Bits do not depend on how rows are
  /// shared.
  /// @param begin even; end: even or the height
  /// @param y the results, or data null where only the pooled ones are wanted
  /// @param pooled half the height and width, which are even; or data null
  void run(const ImageMap& x, const ImageMap& y, const ImageMap& pooled, int64_t b, int64_t begin,
           int64_t end, float* scratch) const;

 private:
  int64_t channels_ = 0, columns_ = 0;
  bool relu_ = false;
  PackedMatrix point_;
  std::vector<float> point_bias_, depth_, depth_bias_;
};

}  // namespace vl::kernels
