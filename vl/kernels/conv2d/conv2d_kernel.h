#pragma once

// Shared text of the ISA variants: each translation unit that includes this is compiled with its
// own flags, so everything here has internal linkage and nothing of the standard library is used.

#include "vl/kernels/conv2d/conv2d_variants.h"
#include "vl/kernels/conv2d/packed_rows.h"

namespace {

using vl::kernels::ConvCall;
using vl::kernels::ConvPhase;

/// A place on a grid over all pictures.
struct GridPlace {
  long image, row, column;

  GridPlace(long index, long height, long width) {
    image = index / (height * width);
    const long rest = index % (height * width);
    row = rest / width, column = rest % width;
  }
  void next(long height, long width) {
    if (++column < width) return;
    column = 0;
    if (++row < height) return;
    row = 0, ++image;
  }
};

/// `count` values, at most a piece, and zeros up to a piece.
template <int W, int R>
inline void copy_piece(const float* from, long count, float* to) {
  using V = typename VecOf<W>::Type;
  using Four = VecOf<4>::Type;
  constexpr long kPiece = PackedRows<R>::kPiece;
  if (count >= kPiece) {
#pragma GCC unroll 4
    for (int n = 0; n < kPiece; n += W)
      *reinterpret_cast<V*>(to + n) = *reinterpret_cast<const V*>(from + n);
    return;
  }
#pragma GCC unroll 4
  for (int n = 0; n < kPiece; n += W) *reinterpret_cast<V*>(to + n) = V{};
  long n = 0;
  for (; n + 4 <= count; n += 4)
    *reinterpret_cast<Four*>(to + n) = *reinterpret_cast<const Four*>(from + n);
  for (; n < count; ++n) to[n] = from[n];
}

/// The window at (row, column) of a map whose channels are a multiple of 16, tap by tap.
template <int W, int R>
void gather_taps(const ConvCall& s, const float* image, long row, long column, float* out) {
  using V = typename VecOf<W>::Type;
  const V zero = {};
  for (long i = 0; i < s.window_rows; ++i)
    for (long j = 0; j < s.window_columns; ++j) {
      const long r = row + i, c = column + j;
      const bool inside = r >= 0 && r < s.height && c >= 0 && c < s.width;
      const float* from = image + (r * s.width + c) * s.x_stride;
      for (long k = 0; k < s.channels; k += PackedRows<R>::kPiece, out += PackedRows<R>::kStep)
#pragma GCC unroll 4
        for (int n = 0; n < PackedRows<R>::kPiece; n += W)
          *reinterpret_cast<V*>(out + n) =
              inside ? *reinterpret_cast<const V*>(from + k + n) : zero;
    }
}

/// The same for few channels without padding (x_stride == channels): a row of the window is one run
/// of neighbouring values.
template <int W, int R>
void gather_runs(const ConvCall& s, const float* image, long row, long column, float* out) {
  constexpr long kPiece = PackedRows<R>::kPiece;
  const long low = column < 0 ? -column * s.channels : 0;
  const long right = s.width - column < s.window_columns ? s.width - column : s.window_columns;
  for (long i = 0; i < s.window_rows; ++i) {
    const long r = row + i, high = r >= 0 && r < s.height ? right * s.channels : 0;
    const float* from = image + (r * s.width + column) * s.channels;
    for (long k = 0; k < s.tap; k += kPiece, out += PackedRows<R>::kStep) {
      const long count = high - k;
      if (low <= k) {
        copy_piece<W, R>(from + k, count, out);
        continue;
      }
      for (long n = 0; n < kPiece; ++n) out[n] = k + n >= low && n < count ? from[k + n] : 0.0F;
    }
  }
}

/// `count` windows from `first` on, packed.
template <int W, int R>
void gather(const ConvCall& s, long first, const PackedRows<R>& rows, float* a) {
  GridPlace at(first, s.grid_height, s.grid_width);
  for (long g = 0; g < rows.groups(); ++g)
    for (long i = 0, size = rows.first(g + 1) - rows.first(g); i < size; ++i) {
      const float* image = s.x + at.image * s.height * s.width * s.x_stride;
      const long row = at.row * s.step_y - s.top, column = at.column * s.step_x - s.left;
      if (s.narrow)
        gather_runs<W, R>(s, image, row, column, a + rows.at(g, i));
      else
        gather_taps<W, R>(s, image, row, column, a + rows.at(g, i));
      at.next(s.grid_height, s.grid_width);
    }
}

/// Results of one phase for the columns column .. column + width - 1 from their sums [rows, 32].
template <int W>
void scatter(const ConvCall& s, const ConvPhase& phase, const float* sums, long first, long rows,
             long column, long width) {
  using V = typename VecOf<W>::Type;
  GridPlace at(first, s.grid_height, s.grid_width);
  for (long i = 0; i < rows; ++i, at.next(s.grid_height, s.grid_width)) {
    const long row = at.row * s.up + phase.row, to = at.column * s.up + phase.column;
    const long pixel = (at.image * s.out_height + row) * s.out_width + to;
    float* out = s.y + pixel * s.y_stride + column;
    const float* kept =
        s.residual == nullptr ? nullptr : s.residual + pixel * s.residual_stride + column;
    for (long n = 0; n < width; n += W)
      finish_values<W>(*reinterpret_cast<const V*>(sums + i * kPanel + n), s.bias + column + n,
                       kept == nullptr ? nullptr : kept + n, s.relu, out + n);
  }
}

/// W floats a vector, R rows of the product at once.
template <int W, int R, int N>
void convolve(const ConvCall& s) {
  const long taps = s.narrow ? s.window_rows : s.window_rows * s.window_columns;
  for (long first = s.begin; first < s.end; first += s.block) {
    const PackedRows<R> rows = {s.end - first < s.block ? s.end - first : s.block, taps * s.tap};
    float* a = s.scratch;
    float* sums = a + rows.floats();
    gather<W, R>(s, first, rows, a);
    for (long column = s.first_column; column < s.end_column; column += kPanel) {
      const long width = s.end_column - column < kPanel ? s.end_column - column : kPanel;
      const float* panel = s.weights + column * s.weight_rows;
      for (long p = 0; p < s.phase_count; ++p) {
        const ConvPhase& phase = s.phases[p];
        packed_product<W, R, N>(rows, a, phase.taps, phase.count, s.tap / PackedRows<R>::kPiece,
                                panel + phase.first * width, width, sums);
        scatter<W>(s, phase, sums, first, rows.rows, column, width);
      }
    }
  }
}

}  // namespace
