#pragma once

// Shared text of the ISA variants: each translation unit that includes this is compiled with its
// own flags, so everything here has internal linkage and nothing of the standard library is used.

#include "vl/kernels/conv2d/packed_rows.h"
#include "vl/kernels/winograd_conv2d/winograd_conv2d_variants.h"

namespace {

using vl::kernels::Winograd2dCall;

/// One direction of F(Tile, 3): inputs to points and points to results.
template <int Tile>
struct Transform;

/// Points 0, 1, -1, infinity.
template <>
struct Transform<2> {
  template <class V>
  static inline void input(const V* d, V* v) {
    v[0] = d[2] - d[0];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  }
  template <class V>
  static inline void output(const V* m, V* y) {
    y[0] = m[0] + (m[1] + m[2]);
    y[1] = (m[1] - m[2]) + m[3];
  }
};

/// Points 0, a, -a, b, -b, infinity with a = 1 / sqrt(2), b = sqrt(2).
template <>
struct Transform<4> {
  template <class V>
  static inline void input(const V* d, V* v) {
    constexpr float kA = 0.70710678F, kB = 1.41421356F;
    const V far = d[4] - d[2] * 2.0F, near = d[4] - d[2] * 0.5F;
    const V far_odd = d[3] * kA - d[1] * kB, near_odd = d[3] * kB - d[1] * kA;
    v[0] = d[0] - d[2] * 2.5F + d[4];
    v[1] = far + far_odd;
    v[2] = far - far_odd;
    v[3] = near + near_odd;
    v[4] = near - near_odd;
    v[5] = d[1] - d[3] * 2.5F + d[5];
  }
  template <class V>
  static inline void output(const V* m, V* y) {
    constexpr float kA = 0.70710678F, kB = 1.41421356F;
    const V p1 = m[1] + m[2], n1 = m[1] - m[2], p2 = m[3] + m[4], n2 = m[3] - m[4];
    y[0] = m[0] + (p1 + p2);
    y[1] = n1 * kA + n2 * kB;
    y[2] = p1 * 0.5F + p2 * 2.0F;
    y[3] = (n1 * (kA * 0.5F) + n2 * (kB * 2.0F)) + m[5];
  }
};

/// Addresses of the pixels of one tile's input; those outside the picture are zeros.
template <int Points>
inline void tile_pixels(const Winograd2dCall& s, long tile, const float* zeros,
                        const float** pixels) {
  const long per_image = s.tile_rows * s.tile_columns, rest = tile % per_image;
  const float* image = s.x + tile / per_image * s.height * s.width * s.x_stride;
  const long row = rest / s.tile_columns * s.tile - s.padding,
             column = rest % s.tile_columns * s.tile - s.padding;
  for (long i = 0; i < Points; ++i)
    for (long j = 0; j < Points; ++j) {
      const long r = row + i, c = column + j;
      const bool inside = r >= 0 && r < s.height && c >= 0 && c < s.width;
      pixels[i * Points + j] = inside ? image + (r * s.width + c) * s.x_stride : zeros;
    }
}

/// Points of W channels of one tile, at v[point * step].
template <int Tile, int W>
inline void transform_pixels(const float* const* pixels, long channel, float* v, long step) {
  using V = typename VecOf<W>::Type;
  constexpr int kPoints = Tile + 2;
  V half[kPoints][kPoints];  // [point of the row][column]
#pragma GCC unroll 6
  for (int j = 0; j < kPoints; ++j) {
    V d[kPoints], out[kPoints];
#pragma GCC unroll 6
    for (int i = 0; i < kPoints; ++i)
      d[i] = *reinterpret_cast<const V*>(pixels[i * kPoints + j] + channel);
    Transform<Tile>::input(d, out);
#pragma GCC unroll 6
    for (int i = 0; i < kPoints; ++i) half[i][j] = out[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < kPoints; ++i) {
    V out[kPoints];
    Transform<Tile>::input(half[i], out);
#pragma GCC unroll 6
    for (int j = 0; j < kPoints; ++j, v += step) *reinterpret_cast<V*>(v) = out[j];
  }
}

/// Packed rows of all points, `step` floats a point, of the tiles first, first + 1, ...
template <int Tile, int W, int R>
void transform_tiles(const Winograd2dCall& s, long first, const PackedRows<R>& rows,
                     const float* zeros, float* v, long step) {
  constexpr long kPiece = PackedRows<R>::kPiece;
  for (long g = 0; g < rows.groups(); ++g)
    for (long i = rows.first(g); i < rows.first(g + 1); ++i) {
      const float* pixels[(Tile + 2) * (Tile + 2)];
      tile_pixels<Tile + 2>(s, first + i, zeros, pixels);
      float* to = v + rows.at(g, i - rows.first(g));
      for (long c = 0; c < s.channels; c += kPiece, to += PackedRows<R>::kStep)
        for (long n = 0; n < kPiece; n += W) transform_pixels<Tile, W>(pixels, c + n, to + n, step);
    }
}

/// Results of one tile for W columns from their products m[point * step].
template <int Tile, int W>
inline void transform_products(const float* m, long step, typename VecOf<W>::Type (*y)[Tile]) {
  using V = typename VecOf<W>::Type;
  constexpr int kPoints = Tile + 2;
  V half[Tile][kPoints];  // [row of the result][point of the column]
#pragma GCC unroll 6
  for (int j = 0; j < kPoints; ++j) {
    V d[kPoints], out[Tile];
#pragma GCC unroll 6
    for (int i = 0; i < kPoints; ++i)
      d[i] = *reinterpret_cast<const V*>(m + (i * kPoints + j) * step);
    Transform<Tile>::output(d, out);
#pragma GCC unroll 4
    for (int i = 0; i < Tile; ++i) half[i][j] = out[i];
  }
#pragma GCC unroll 4
  for (int i = 0; i < Tile; ++i) Transform<Tile>::output(half[i], y[i]);
}

/// Results of the tiles first .. for the columns column .. column + width - 1.
template <int Tile, int W>
void finish_tiles(const Winograd2dCall& s, const float* m, long first, long tiles, long column,
                  long width) {
  const long per_image = s.tile_rows * s.tile_columns, step = s.block * kPanel;
  for (long t = 0; t < tiles; ++t) {
    const long image = (first + t) / per_image, rest = (first + t) % per_image;
    const long row = rest / s.tile_columns * Tile, from = rest % s.tile_columns * Tile;
    const long rows = s.out_height - row < Tile ? s.out_height - row : Tile;
    const long columns = s.out_width - from < Tile ? s.out_width - from : Tile;
    for (long n = 0; n < width; n += W) {
      typename VecOf<W>::Type y[Tile][Tile];
      transform_products<Tile, W>(m + t * kPanel + n, step, y);
      for (long i = 0; i < rows; ++i)
        for (long j = 0; j < columns; ++j) {
          const long pixel = (image * s.out_height + row + i) * s.out_width + from + j;
          const float* kept =
              s.residual == nullptr ? nullptr : s.residual + pixel * s.residual_stride + column + n;
          finish_values<W>(y[i][j], s.bias + column + n, kept, s.relu,
                           s.y + pixel * s.y_stride + column + n);
        }
    }
  }
}

/// F(Tile x Tile, 3 x 3); W floats a vector, R rows of the product at once.
template <int Tile, int W, int R, int N>
void winograd_2d(const Winograd2dCall& s) {
  constexpr long kPoints = (Tile + 2) * (Tile + 2);
  const long taps[] = {0};
  for (long first = s.begin; first < s.end; first += s.block) {
    const PackedRows<R> rows = {s.end - first < s.block ? s.end - first : s.block, s.channels};
    float* v = s.scratch + s.channels;
    float* m = v + kPoints * rows.floats();
    transform_tiles<Tile, W, R>(s, first, rows, s.scratch, v, rows.floats());
    for (long column = s.first_column; column < s.end_column; column += kPanel) {
      const long width = s.end_column - column < kPanel ? s.end_column - column : kPanel;
      const float* panel = s.weights + column * kPoints * s.channels;
      for (long p = 0; p < kPoints; ++p, panel += s.channels * width)
        packed_product<W, R, N>(rows, v + p * rows.floats(), taps, 1,
                                s.channels / PackedRows<R>::kPiece, panel, width,
                                m + p * s.block * kPanel);
      finish_tiles<Tile, W>(s, m, first, rows.rows, column, width);
    }
  }
}

}  // namespace
