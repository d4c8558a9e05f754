#pragma once

#include "vl/kernels/gemm/gemm_kernel.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d_variants.h"

// Shared text of the ISA variants (see gemm_kernel.h). Toom-Cook F(4, 4) at the points 0, 1, -1, 2,
// -2, 1/2 and infinity; the rows are scaled by powers of two, so the transforms stay exact to an
// ulp.

namespace {

/// Seven values of the transform from seven neighbours of the signal.
template <class V>
inline void input_transform(const V* d, V* v) {
  v[0] = (d[1] - d[0] * 0.5F) + (d[2] * 0.625F - d[3] * 1.25F) + (d[5] * 0.25F - d[4] * 0.125F);
  v[1] = (d[1] - d[2]) * 0.5F + d[4] * 0.125F + (d[5] * 0.25F - d[3] * 1.125F);
  v[2] = (d[2] * 0.75F - d[1] * 0.25F) - d[3] * 0.4375F + (d[5] * 0.125F - d[4] * 0.1875F);
  v[3] = (d[1] + d[5]) * 0.5F - d[3] + (d[4] - d[2]) * 0.75F;
  v[4] = (d[5] - d[1]) * 0.5F + (d[2] - d[4]) * 1.25F;
  v[5] = d[1] + d[5] * 0.25F - d[3] * 1.25F;
  v[6] = (d[2] - d[1] * 0.5F) + (d[3] * 0.625F - d[4] * 1.25F) + (d[6] * 0.25F - d[5] * 0.125F);
}

/// Four neighbouring results from the seven products.
template <class V>
inline void output_transform(const V* m, V* y) {
  const V p1 = m[1] + m[2], n1 = m[1] - m[2], p2 = m[3] + m[4], n2 = m[3] - m[4];
  y[0] = m[0] + p1 + p2 + m[5];
  y[1] = n1 + n2 * 2.0F + m[5] * 0.5F;
  y[2] = p1 + p2 * 4.0F + m[5] * 0.25F;
  y[3] = n1 + n2 * 8.0F + m[5] * 0.125F + m[6];
}

using vl::kernels::WinogradCall;

constexpr long kPoints = 7, kTile = 4;

/// Values of the tiles first .. first + tiles - 1 of the phase that starts at signal row `row`, at
/// v[point][tile][channel].
template <int W>
void transform_inputs(const WinogradCall& s, long row, long tiles, float* v) {
  using V = typename VecOf<W>::Type;
  const V zero = {};
  for (long t = 0; t < tiles; ++t) {
    const float* rows[kPoints];
    for (long i = 0; i < kPoints; ++i) {
      const long at = row + (kTile * t + i) * s.dilation;
      rows[i] = at >= s.x_begin && at < s.x_end ? s.x + (at - s.x_begin) * s.channels : nullptr;
    }
    for (long c = 0; c < s.channels; c += W) {
      V d[kPoints], out[kPoints];
#pragma GCC unroll 7
      for (long i = 0; i < kPoints; ++i) {
        d[i] = rows[i] == nullptr ? zero : *reinterpret_cast<const V*>(rows[i] + c);
        const V low = d[i] * s.slope;
        d[i] = d[i] > low ? d[i] : low;  // leaky ReLU: slope is at most 1
      }
      input_transform(d, out);
#pragma GCC unroll 7
      for (long p = 0; p < kPoints; ++p)
        *reinterpret_cast<V*>(v + (p * s.v_tiles + t) * s.channels + c) = out[p];
    }
  }
}

/// Results of `tiles` tiles for the columns column .. column + width - 1 from their products
/// m[point] [tile][32]. `row` is the row of the first result.
template <int W>
void transform_outputs(const WinogradCall& s, const float* m, long row, long tiles, long column,
                       long width) {
  using V = typename VecOf<W>::Type;
  for (long t = 0; t < tiles; ++t)
    for (long n = 0; n < width; n += W) {
      V in[kPoints], y[kTile];
#pragma GCC unroll 7
      for (long p = 0; p < kPoints; ++p)
        in[p] = *reinterpret_cast<const V*>(m + (p * s.block + t) * kPanel + n);
      output_transform(in, y);
      const V bias = *reinterpret_cast<const V*>(s.bias + column + n);
      for (long i = 0; i < kTile; ++i) {
        const long at = row + (kTile * t + i) * s.dilation;
        if (at < s.begin || at >= s.end) continue;
        V* out = reinterpret_cast<V*>(s.y + (at - s.y_begin) * s.columns + column + n);
        V sum = y[i] + bias;
        if (s.residual != nullptr)
          sum += *reinterpret_cast<const V*>(s.residual + (at - s.residual_begin) * s.columns +
                                             column + n);
        if (s.add) sum += *out;
        sum *= s.scale;
        const V low = sum * s.out_slope;
        *out = sum > low ? sum : low;
      }
    }
}

/// W floats a vector, R rows of the product at once.
template <int W, int R, int N>
void winograd(const WinogradCall& s) {
  float* v = s.scratch;
  float* m = v + kPoints * s.v_tiles * s.channels;
  const long k = s.groups * s.channels, span = kTile * s.dilation;
  // Tiles lie on a grid that does not depend on `begin`: a part of a signal gets the same bits.
  const long grid = s.begin / span * span;
  for (long phase = 0; phase < s.dilation && grid + phase < s.end; ++phase) {
    const long rows = (s.end - grid - phase + s.dilation - 1) / s.dilation;
    const long tiles = (rows + kTile - 1) / kTile;
    for (long first = 0; first < tiles; first += s.block) {
      const long count = tiles - first < s.block ? tiles - first : s.block;
      const long row = grid + phase + first * span;
      transform_inputs<W>(s, row - s.before, count + s.groups - 1, v);
      for (long column = s.first_column; column < s.end_column; column += kPanel) {
        const long width = s.end_column - column < kPanel ? s.end_column - column : kPanel;
        for (long p = 0; p < kPoints; ++p)
          any_panel<W, R, N>(count, v + p * s.v_tiles * s.channels, s.channels, k,
                             s.weights[p] + column * k, width, m + p * s.block * kPanel, kPanel,
                             nullptr, false, false);
        transform_outputs<W>(s, m, row, count, column, width);
      }
    }
  }
}

}  // namespace
