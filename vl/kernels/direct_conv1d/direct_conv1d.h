#pragma once

#include <cstdint>
#include <vector>

#include "vl/kernels/gemm/gemm.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::kernels {

/// The same convolution as WinogradConv1d by plain float32 sums, tap after tap: more products, less
/// rounding. It always computes all columns.
class DirectConv1d {
 public:
  using Options = WinogradConv1d::Options;

  DirectConv1d() = default;
  /// @param weight [out, in, kernel], contiguous
  /// @param bias [out] or null
  DirectConv1d(const float* weight, const float* bias, int64_t out, int64_t in, int64_t kernel,
               int64_t dilation);

  /// Rows at each side that a result depends on.
  int64_t reach() const { return reach_; }
  /// Floats of scratch memory that run() wants.
  int64_t scratch() const;

  /// Writes the rows begin .. end - 1 of y. Rows of x outside its own range count as zeros. A row's
  /// bits do not depend on begin and end. y may be options.residual, but not x.
  void run(const SignalRows& x, const SignalRows& y, int64_t begin, int64_t end,
           const Options& options, float* scratch) const;

 private:
  void activate(const SignalRows& x, int64_t begin, int64_t end, float slope, float* out) const;
  void finish(const float* sums, const SignalRows& y, int64_t begin, int64_t end,
              const Options& options) const;

  int64_t channels_ = 0, columns_ = 0, dilation_ = 1, reach_ = 0;
  std::vector<PackedMatrix> taps_;
  std::vector<float> bias_;
};

}  // namespace vl::kernels
