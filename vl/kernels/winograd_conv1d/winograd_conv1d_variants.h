#pragma once

namespace vl::kernels {

/// What one call of a variant works on; rows of `channels` (input) or `columns` (output) floats.
struct WinogradCall {
  const float* x;                 // row x_begin; rows outside [x_begin, x_end) are zeros
  long x_begin, x_end, channels;  // channels: multiple of 16
  float slope;                    // of the leaky ReLU before the convolution, 1 for none
  const float* const* weights;    // 7 packed matrices [groups * channels, columns]
  const float* bias;              // [columns]
  long columns, first_column, end_column, groups, dilation;  // groups of 4 taps
  long before;            // rows between a result and its first tap
  const float* residual;  // row residual_begin, or null
  long residual_begin;
  float* y;                  // row y_begin
  long y_begin, begin, end;  // rows begin .. end - 1 are written
  bool add;
  float scale, out_slope;
  long block, v_tiles;  // tiles at once; the same with those of the other groups
  float* scratch;
};

void winograd_conv1d_generic(const WinogradCall& call);
void winograd_conv1d_avx2(const WinogradCall& call);
void winograd_conv1d_avx512(const WinogradCall& call);

}  // namespace vl::kernels
