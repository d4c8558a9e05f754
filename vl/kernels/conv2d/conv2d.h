#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vl/kernels/conv2d/image_map.h"
#include "vl/kernels/gemm/gemm.h"

namespace vl::kernels {

struct Conv2dShape {
  int64_t out = 0, in = 0;
  std::array<int64_t, 2> kernel = {3, 3}, stride = {1, 1}, padding = {0, 0};
  bool narrow = false;  ///< the input has exactly `in` channels and no padding: for pictures
};

/// Two-dimensional convolution with zero padding by plain float32 sums: windows of the input are
/// gathered and multiplied with packed weights. The transposed form computes one small convolution
/// for each place of a result within the stride, without products by zeros.
class DirectConv2d {
 public:
  DirectConv2d() = default;
  /// Maps have channels padded with zeros to a multiple of 16; only a narrow input has not.
  /// @param weight [out, in, kh, kw], contiguous
  /// @param bias [out] or null
  DirectConv2d(const float* weight, const float* bias, const Conv2dShape& shape);
  /// The transposed convolution whose results are stride times as many as its inputs in both
  /// directions, as with output_padding = stride - kernel + 2 * padding.
  /// @param weight [in, out, kh, kw], contiguous; in: a multiple of 16; kernel, stride and padding
  /// the same in both directions
  static DirectConv2d transposed(const float* weight, const float* bias, const Conv2dShape& shape);

  /// Height and width of the result.
  std::array<int64_t, 2> result_size(int64_t height, int64_t width) const;
  /// Windows that a map has: the unit in which threads share it.
  int64_t windows(const ImageMap& x) const;
  /// Most windows that are worked on at once.
  int64_t block() const;
  /// Padded output channels.
  int64_t columns() const { return columns_; }
  /// Floats of packed weights.
  int64_t weights() const { return weights_.k() * columns_; }
  /// Floats of scratch memory that run() wants.
  int64_t scratch() const;

  /// Writes the results of the windows begin .. end - 1, on the calling thread. Bits do not depend
  /// on how windows and columns are shared.
  /// @param y of result_size(), columns() channels
  void run(const ImageMap& x, const ImageMap& y, int64_t begin, int64_t end,
           const ConvFinish& finish, float* scratch) const;

 private:
  struct Phase {
    int64_t row, column;
    std::vector<long> taps;
    int64_t first;  // row of the weights
  };
  std::array<int64_t, 2> grid(int64_t height, int64_t width) const;
  int64_t length() const;
  void add_transposed_phase(const float* weight, const Conv2dShape& shape, int64_t row,
                            int64_t column, std::vector<float>& rows);

  std::array<int64_t, 2> window_ = {}, step_ = {}, before_ = {};
  int64_t channels_ = 0, tap_ = 0, columns_ = 0, up_ = 1;
  bool narrow_ = false;
  std::vector<Phase> phases_;
  PackedMatrix weights_;  ///< of all phases: a panel is read from end to end
  std::vector<float> bias_;
};

}  // namespace vl::kernels
