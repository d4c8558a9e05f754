#pragma once

// Shared text of the ISA variants: each translation unit that includes this is compiled with its
// own flags, so everything here has internal linkage and nothing of the standard library is used.

#include "vl/kernels/gemm/gemm_kernel.h"

namespace {

/// Rows of a product, packed for it: groups of at most R rows of nearly equal size; within the slot
/// of a group, which always has room for R, piece after piece of 16 values, row after row. All
/// values that a step of the product reads lie near each other, whatever the rows' length.
template <int R>
struct PackedRows {
  static constexpr long kPiece = 16;
  long rows, length;  // length: values of a row, a multiple of 16

  long groups() const { return (rows + R - 1) / R; }
  long first(long group) const { return rows * group / groups(); }
  long floats() const { return groups() * R * length; }
  /// Offset of the first piece of row `index` of a group; the next piece is kStep further.
  long at(long group, long index) const { return group * R * length + index * kPiece; }
  static constexpr long kStep = R * kPiece;
};

constexpr long kAhead = 32;  // rows of a panel (4 KiB): prefetchers of the CPU stop at pages

/// c[i, 0..N W) = sums over the taps' pieces of a[i] b, for Rows rows of one group; rows of c are
/// kPanel apart.
template <int W, int R, int N, int Rows>
inline void packed_tile(const float* a, const long* taps, long count, long pieces, const float* b,
                        long ldb, float* c) {
  using V = typename VecOf<W>::Type;
  V acc[Rows][N];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) acc[i][n] = V{};
  for (long t = 0; t < count; ++t) {
    const float* from = a + taps[t] * pieces * PackedRows<R>::kStep;
    for (long p = 0; p < pieces; ++p, from += PackedRows<R>::kStep) {
#pragma GCC unroll 4
      for (int j = 0; j < PackedRows<R>::kPiece; ++j, b += ldb) {
        V w[N];
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n) w[n] = *reinterpret_cast<const V*>(b + n * W);
#pragma GCC unroll 4
        for (int n = 0; n < N * W; n += 16) __builtin_prefetch(b + kAhead * ldb + n);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
          const V x = from[i * PackedRows<R>::kPiece + j] - V{};
#pragma GCC unroll 4
          for (int n = 0; n < N; ++n) acc[i][n] += x * w[n];
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) *reinterpret_cast<V*>(c + i * kPanel + n * W) = acc[i][n];
}

template <int W, int R, int N, int Rows>
inline void packed_rows_of(long rows, const float* a, const long* taps, long count, long pieces,
                           const float* b, long ldb, float* c) {
  if (rows == Rows) return packed_tile<W, R, N, Rows>(a, taps, count, pieces, b, ldb, c);
  if constexpr (Rows > 1)
    packed_rows_of<W, R, N, Rows - 1>(rows, a, taps, count, pieces, b, ldb, c);
}

template <int W, int R, int N>
inline void packed_columns(const PackedRows<R>& rows, const float* a, const long* taps, long count,
                           long pieces, const float* panel, long width, float* c) {
  for (long g = 0; g < rows.groups(); ++g) {
    const long first = rows.first(g), size = rows.first(g + 1) - first;
    for (long n = 0; n < width; n += W * N)
      packed_rows_of<W, R, N, R>(size, a + rows.at(g, 0), taps, count, pieces, panel + n, width,
                                 c + first * kPanel + n);
  }
}

/// c[rows, kPanel] = packed rows times one panel of `width` (32 or 16) columns. A row is cut into
/// taps of `pieces` pieces each; the rows of the panel belong to taps[0], taps[1], ...
template <int W, int R, int N>
inline void packed_product(const PackedRows<R>& rows, const float* a, const long* taps, long count,
                           long pieces, const float* panel, long width, float* c) {
  if constexpr (W * N > 16)
    if (width == 16)
      return packed_columns<W, R, 16 / W>(rows, a, taps, count, pieces, panel, width, c);
  packed_columns<W, R, N>(rows, a, taps, count, pieces, panel, width, c);
}

/// out = sum + bias (+ residual), then ReLU if asked for, W values.
template <int W>
inline void finish_values(typename VecOf<W>::Type sum, const float* bias, const float* residual,
                          bool relu, float* out) {
  using V = typename VecOf<W>::Type;
  sum += *reinterpret_cast<const V*>(bias);
  if (residual != nullptr) sum += *reinterpret_cast<const V*>(residual);
  if (relu) sum = sum < 0.0F ? V{} : sum;  // NaN stays
  *reinterpret_cast<V*>(out) = sum;
}

}  // namespace
