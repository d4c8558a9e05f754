#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vl/kernels/gemm/gemm.h"

namespace vl::kernels {

/// Rows begin .. end - 1 of a signal [T, channels]; `data` is row `begin`.
struct SignalRows {
  float* data = nullptr;
  int64_t begin = 0, end = 0;
};

/// Convolution over time that keeps the length (odd kernel, zero padding, any dilation) of signals
/// [T, channels], channels last and padded to a multiple of 16, by Toom-Cook / Winograd F(4, 4)
/// (Lavin and Gray 2015): the kernel is cut into groups of 4 taps, each costs 7 products for 4
/// results. Float32; its rounding error is about four times that of a plain sum.
class WinogradConv1d {
 public:
  struct Options {
    float slope = 1;  ///< leaky ReLU of x before the convolution, at most 1 (1: none)
    const SignalRows* residual = nullptr;  ///< added to the result; may be y itself
    bool add = false;                      ///< y is added to the result
    float scale = 1, out_slope = 1;        ///< then the factor, then a leaky ReLU
    /// Columns that are computed, multiples of 32 (the end of the last may be beyond them): threads
    /// can share those of a wide convolution.
    int64_t first_column = 0, end_column = INT64_MAX;
  };

  WinogradConv1d() = default;
  /// @param weight [out, in, kernel], contiguous
  /// @param bias [out] or null
  WinogradConv1d(const float* weight, const float* bias, int64_t out, int64_t in, int64_t kernel,
                 int64_t dilation);

  /// Rows at each side that a result depends on.
  int64_t reach() const { return reach_; }
  /// Floats of scratch memory that run() wants.
  int64_t scratch() const;

  /// Writes the rows begin .. end - 1 of y, begin >= 0. Rows of x outside its own range count as
  /// zeros. A row's bits do not depend on begin and end; what lies up to 4 * dilation rows beyond
  /// its reach shows in its rounding.
  void run(const SignalRows& x, const SignalRows& y, int64_t begin, int64_t end,
           const Options& options, float* scratch) const;

 private:
  int64_t channels_ = 0, columns_ = 0, groups_ = 0, dilation_ = 1, reach_ = 0;
  std::array<PackedMatrix, 7> weights_;
  std::vector<float> bias_;
};

/// Channels up to the multiple of 16 that the signals of these kernels have.
inline int64_t padded_channels(int64_t channels) { return (channels + 15) / 16 * 16; }

}  // namespace vl::kernels
