#pragma once

namespace vl::kernels {

/// One of the results that a window gives.
struct ConvPhase {
  long row, column;  // of the result, within the up x up results of the window
  const long* taps;  // parts of the window that it reads
  long count;        // of taps
  long first;        // row of the weights that belongs to its first tap
};

/// What one call of a variant works on. Windows lie on a grid of `grid_height` x `grid_width`
/// positions a picture; window (i, j) begins at pixel (i * step_y - top, j * step_x - left).
struct ConvCall {
  const float* x;
  long height, width, x_stride, channels;
  long window_rows, window_columns, step_y, step_x, top, left;
  bool narrow;  // pixels have no padding: a row of a window is one padded run
  long tap;     // floats of a tap, a multiple of 16: `channels`, or a padded run
  long grid_height, grid_width, begin, end;  // windows begin .. end - 1 over all pictures
  const ConvPhase* phases;
  long phase_count, up;
  const float* weights;  // packed panels [weight_rows, columns]
  long weight_rows;
  const float* bias;  // [columns]
  const float* residual;
  long residual_stride;
  bool relu;
  float* y;
  long out_height, out_width, y_stride;
  long columns, first_column, end_column;
  long block;  // windows at once
  float* scratch;
};

void conv2d_generic(const ConvCall& call);
void conv2d_avx2(const ConvCall& call);
void conv2d_avx512(const ConvCall& call);

}  // namespace vl::kernels
