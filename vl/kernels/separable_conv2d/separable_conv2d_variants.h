#pragma once

namespace vl::kernels {

/// What one call of a variant works on: rows begin .. end - 1 of one picture, begin even.
struct SeparableCall {
  const float* x;  // the picture's first pixel
  long height, width, x_stride, channels;
  const float* point;       // packed panels [channels, columns]
  const float* point_bias;  // [columns]
  const float* depth;       // [9, columns]
  const float* depth_bias;  // [columns]
  long columns;
  bool relu;
  float* y;  // null: only the pooled map is wanted
  long y_stride;
  float* pooled;  // null: no pooling
  long pooled_stride;
  long begin, end;
  float* scratch;
};

void separable_conv2d_generic(const SeparableCall& call);
void separable_conv2d_avx2(const SeparableCall& call);
void separable_conv2d_avx512(const SeparableCall& call);

}  // namespace vl::kernels
