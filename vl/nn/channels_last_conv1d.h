#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/gemm/gemm.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::nn {

/// Signals of one length with channels last, as the kernels read them: `margin` rows of zeros
/// before and after each, channels padded with zeros to a multiple of 16.
struct RowBatch {
  at::Tensor rows;  ///< float32 [B, margin + T + margin, padded channels], contiguous
  int64_t channels = 0, margin = 0;

  /// Margins and padding are zeros, the signals have no values yet.
  static RowBatch empty(int64_t batch, int64_t length, int64_t channels, int64_t margin);
  /// @param x float32 [B, T, channels] on the CPU
  static RowBatch copy(const at::Tensor& x, int64_t margin);

  int64_t length() const { return rows.size(1) - 2 * margin; }
  /// The signals alone, [B, T, channels], a view.
  at::Tensor signals() const;
};

/// Convolution over time that keeps the length (odd kernel, zero padding, no dilation) on our CPU
/// kernels: float32, channels last, no transposes. The reference is at::conv1d.
class ChannelsLastConv1d {
 public:
  /// kPlain adds in the order of taps and channels, as a plain loop does; kWinograd needs fewer
  /// products and rounds more (kernels/winograd_conv1d).
  enum class Sums { kPlain, kWinograd };

  /// @param weight [out, in, kernel]
  /// @param bias [out]
  ChannelsLastConv1d(const at::Tensor& weight, const at::Tensor& bias, Sums sums);

  /// Zero rows that the input wants on each side.
  int64_t margin() const { return kernel_ / 2; }

  /// y = convolution of x, plus y if `add`, then ReLU if `relu`; the work is shared by the threads.
  /// @param x `in` channels, a margin of at least margin()
  /// @param y `out` channels, the same batch and length
  void operator()(const RowBatch& x, RowBatch& y, bool add, bool relu) const;

 private:
  void plain(const RowBatch& x, RowBatch& y, bool add, bool relu) const;
  void winograd(const RowBatch& x, RowBatch& y, bool add, bool relu) const;

  int64_t kernel_, columns_;
  kernels::PackedMatrix windows_;  // [kernel * padded in, out]; one of the two forms is empty
  std::vector<float> bias_;
  std::vector<kernels::WinogradConv1d> winograd_;
};

}  // namespace vl::nn
