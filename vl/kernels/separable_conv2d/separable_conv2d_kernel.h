#pragma once

// Shared text of the ISA variants: each translation unit that includes this is compiled with its
// own flags, so everything here has internal linkage and nothing of the standard library is used.

#include "vl/kernels/gemm/gemm_kernel.h"
#include "vl/kernels/separable_conv2d/separable_conv2d_variants.h"

namespace {

using vl::kernels::SeparableCall;

constexpr long kRing = 4;  // pointwise rows that are held: two results read four

/// Row r of the pointwise results, its margins of one pixel included.
inline float* ring_row(const SeparableCall& s, long r) {
  return s.scratch + (r & (kRing - 1)) * (s.width + 2) * s.columns;
}

inline void clear(float* x, long count) {
  for (long i = 0; i < count; ++i) x[i] = 0.0F;
}

/// The 1 x 1 convolution of row r; zeros outside the picture, where the 3 x 3 one pads.
template <int W, int R, int N>
void pointwise(const SeparableCall& s, long r) {
  float* to = ring_row(s, r);
  if (r < 0 || r >= s.height) return clear(to, (s.width + 2) * s.columns);
  clear(to, s.columns);
  clear(to + (s.width + 1) * s.columns, s.columns);
  for (long n = 0; n < s.columns; n += kPanel) {
    const long width = s.columns - n < kPanel ? s.columns - n : kPanel;
    any_panel<W, R, N>(s.width, s.x + r * s.width * s.x_stride, s.x_stride, s.channels,
                       s.point + n * s.channels, width, to + s.columns + n, s.columns,
                       s.point_bias + n, false, false);
  }
}

/// Rows x Columns neighbouring results of W channels; `from` is the first pixel that each row
/// reads.
template <int W, int Rows, int Columns>
inline void depthwise_tile(const SeparableCall& s, const float* const* from,
                           const typename VecOf<W>::Type* w, typename VecOf<W>::Type bias,
                           typename VecOf<W>::Type (*out)[2]) {
  using V = typename VecOf<W>::Type;
#pragma GCC unroll 2
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < Columns; ++c) out[r][c] = bias;
#pragma GCC unroll 4
  for (int i = 0; i < Rows + 2; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < Columns + 2; ++j) {
      const V x = *reinterpret_cast<const V*>(from[i] + j * s.columns);
#pragma GCC unroll 2
      for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int c = 0; c < Columns; ++c)
          if (i >= r && i < r + 3 && j >= c && j < c + 3) out[r][c] += x * w[(i - r) * 3 + j - c];
    }
  if (s.relu)
#pragma GCC unroll 2
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
      for (int c = 0; c < Columns; ++c) out[r][c] = out[r][c] < 0.0F ? V{} : out[r][c];
}

/// The larger one; NaN stays.
template <class V>
inline V larger(V a, V b) {
  return b <= a ? a : (b > a ? b : a + b);
}

/// The results of `Rows` rows from row `row` on, W channels from channel n on.
template <int W, int Rows>
void depthwise_rows(const SeparableCall& s, long row, long n) {
  using V = typename VecOf<W>::Type;
  V w[9];
#pragma GCC unroll 9
  for (int k = 0; k < 9; ++k) w[k] = *reinterpret_cast<const V*>(s.depth + k * s.columns + n);
  const V bias = *reinterpret_cast<const V*>(s.depth_bias + n);
  const float* from[kRing];
  for (int i = 0; i < Rows + 2; ++i) from[i] = ring_row(s, row - 1 + i) + n;
  const auto store = [&](const V(*out)[2], long column, int columns) {
    for (int r = 0; r < Rows; ++r)
      for (int c = 0; c < columns; ++c)
        *reinterpret_cast<V*>(s.y + ((row + r) * s.width + column + c) * s.y_stride + n) =
            out[r][c];
  };
  long column = 0;
  for (; column + 2 <= s.width; column += 2) {
    V out[2][2];
    depthwise_tile<W, Rows, 2>(s, from, w, bias, out);
    for (int i = 0; i < Rows + 2; ++i) from[i] += 2 * s.columns;
    if (s.y != nullptr) store(out, column, 2);
    if (Rows == 2 && s.pooled != nullptr)
      *reinterpret_cast<V*>(s.pooled + (row / 2 * (s.width / 2) + column / 2) * s.pooled_stride +
                            n) = larger(larger(out[0][0], out[0][1]), larger(out[1][0], out[1][1]));
  }
  if (column == s.width || s.y == nullptr) return;
  V out[2][2];
  depthwise_tile<W, Rows, 1>(s, from, w, bias, out);
  store(out, column, 1);
}

/// W floats a vector, R rows of the pointwise product at once.
template <int W, int R, int N>
void separable(const SeparableCall& s) {
  long ready = s.begin - 1;  // the next pointwise row
  for (long row = s.begin; row < s.end; row += 2) {
    for (; ready <= row + 2; ++ready) pointwise<W, R, N>(s, ready);
    for (long n = 0; n < s.columns; n += W)
      row + 1 < s.end ? depthwise_rows<W, 2>(s, row, n) : depthwise_rows<W, 1>(s, row, n);
  }
}

}  // namespace
