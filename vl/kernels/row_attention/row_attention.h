#pragma once

#include <cstdint>

namespace vl::kernels {

/// A run of cached keys and values of one sequence: head h begins h * head_stride elements after
/// the first, rows of `width` elements follow each other. float32, or bfloat16.
struct CachedRows {
  const void* keys = nullptr;
  const void* values = nullptr;
  int64_t head_stride = 0;
  int64_t rows = 0;
};

/// Attention of one new row of one sequence over its cache, in place: the cache may lie in two
/// pieces (a prompt that several sequences share, and the sequence's own rows).
struct RowAttention {
  const float* query = nullptr;  ///< [heads, width], not scaled
  CachedRows pieces[2];
  bool bfloat16 = false;  ///< type of keys and values
  int64_t width = 0;      ///< of a head
  float* out = nullptr;   ///< [heads, width]
};

/// Writes the result of one head: softmax(q k / sqrt(width)) v, in float32.
/// @param scores scratch of as many floats as the pieces have rows
void attend_row(const RowAttention& call, int64_t head, float* scores);

/// Rounds to the nearest bfloat16, ties to even. The numbers must be finite.
void to_bfloat16(const float* x, int64_t n, uint16_t* out);

}  // namespace vl::kernels
