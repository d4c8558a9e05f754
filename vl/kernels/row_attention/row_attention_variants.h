#pragma once

namespace vl::kernels {

/// One head; `keys` and `values` are its first row of each piece.
struct HeadCall {
  const float* query;
  const void *keys[2], *values[2];
  long rows[2];
  long width;
  float scale;
  float* scores;
  float* out;
};

struct RowAttentionVariant {
  void (*float32)(const HeadCall&);
  void (*bfloat16)(const HeadCall&);
};

extern const RowAttentionVariant kRowAttentionGeneric, kRowAttentionAvx2, kRowAttentionAvx512;

}  // namespace vl::kernels
