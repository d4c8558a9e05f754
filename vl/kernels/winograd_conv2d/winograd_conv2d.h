#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vl/kernels/conv2d/image_map.h"
#include "vl/kernels/gemm/gemm.h"

namespace vl::kernels {

/// 3 x 3 convolution of stride 1 by Winograd's F(tile x tile, 3 x 3) (Lavin and Gray 2015): 16
/// products for 4 results, or 36 for 16 instead of 144. Float32; tile 4 works with the points 0,
/// +-1/sqrt(2), +-sqrt(2) and infinity, which round less than the usual 1 and 2. Packed weights are
/// 16/9 or 4 times the plain ones: tile 4 is for maps whose weights are small beside the work.
class WinogradConv2d {
 public:
  WinogradConv2d() = default;
  /// @param weight [out, in, 3, 3], contiguous
  /// @param bias [out] or null
  /// @param tile 2 or 4
  WinogradConv2d(const float* weight, const float* bias, int64_t out, int64_t in, int64_t padding,
                 int64_t tile);

  /// Height and width of the result.
  std::array<int64_t, 2> result_size(int64_t height, int64_t width) const;
  /// Tiles that a map has: the unit in which threads share it.
  int64_t windows(const ImageMap& x) const;
  /// Most tiles that are worked on at once.
  int64_t block() const;
  /// Padded output channels.
  int64_t columns() const { return columns_; }
  /// Floats of packed weights.
  int64_t weights() const;
  /// Floats of scratch memory that run() wants.
  int64_t scratch() const;

  /// Writes the results of the tiles begin .. end - 1, on the calling thread. Bits do not depend on
  /// how tiles and columns are shared.
  /// @param y of result_size(), columns() channels
  void run(const ImageMap& x, const ImageMap& y, int64_t begin, int64_t end,
           const ConvFinish& finish, float* scratch) const;

 private:
  int64_t channels_ = 0, columns_ = 0, padding_ = 0, tile_ = 2;
  PackedMatrix weights_;  ///< [points * channels, columns]: a panel is read from end to end
  std::vector<float> bias_;
};

}  // namespace vl::kernels
