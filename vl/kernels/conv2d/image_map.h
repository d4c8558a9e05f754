#pragma once

#include <cstdint>

namespace vl::kernels {

/// Pictures of one size with channels last: pixel (row, column) of picture b begins at
/// data[((b * height + row) * width + column) * stride]. A stride above the channels makes it a
/// part of a wider map: two results written side by side need no concatenation.
struct ImageMap {
  float* data = nullptr;
  int64_t batch = 0, height = 0, width = 0;
  int64_t stride = 0;  ///< floats between the beginnings of neighbouring pixels
};

/// What follows the sums of a convolution: plus the bias, plus `residual`, then ReLU.
struct ConvFinish {
  const ImageMap* residual = nullptr;  ///< of the result's size; may be the result itself
  bool relu = false;
  /// Columns (output channels) that are computed, multiples of 32 (the end of the last may be
  /// beyond them): threads can share those of a wide convolution.
  int64_t first_column = 0, end_column = INT64_MAX;
};

}  // namespace vl::kernels
