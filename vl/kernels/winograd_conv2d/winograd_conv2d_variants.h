#pragma once

namespace vl::kernels {

/// What one call of a variant works on. Tile (i, j) of a picture has the tile x tile results from
/// (i * tile, j * tile) on.
struct Winograd2dCall {
  long tile;  // 2 or 4
  const float* x;
  long height, width, x_stride, channels;  // channels: multiple of 16
  long padding;
  long tile_rows, tile_columns, begin, end;  // tiles begin .. end - 1 over all pictures
  const float* weights;                      // packed panels [(tile + 2)^2 * channels, columns]
  const float* bias;                         // [columns]
  const float* residual;
  long residual_stride;
  bool relu;
  float* y;
  long out_height, out_width, y_stride;
  long columns, first_column, end_column;
  long block;      // tiles at once
  float* scratch;  // its first `channels` floats are zeros
};

void winograd_conv2d_generic(const Winograd2dCall& call);
void winograd_conv2d_avx2(const Winograd2dCall& call);
void winograd_conv2d_avx512(const Winograd2dCall& call);

}  // namespace vl::kernels
