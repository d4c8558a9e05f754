#pragma once

// Shared text of the ISA variants: each translation unit that includes this is compiled with its
// own flags, so everything here has internal linkage and nothing of the standard library is used.

namespace {

/// Vectors of W floats; loads and stores of any alignment.
template <int W>
struct VecOf {
  typedef float Type __attribute__((vector_size(W * 4), aligned(4), may_alias));
};

constexpr int kPanel = 32;  // columns of a panel of packed weights; the last one may have 16

/// c[i, 0..N W) (+)= a[i, 0..k) b[0..k, 0..N W) (+ bias), then ReLU if asked for, for R rows. LDA
/// is the row stride of a, 0 for one given at run time: with a constant one the compiler needs no
/// pointer per row.
template <int W, int R, int N, int LDA>
inline void tile(const float* a, long lda_, long k, const float* b, long ldb, float* c, long ldc,
                 const float* bias, bool add, bool relu) {
  using V = typename VecOf<W>::Type;
  const long lda = LDA > 0 ? LDA : lda_;
  V acc[R][N];
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) acc[i][n] = V{};
  for (long j = 0; j < k; ++j, b += ldb) {
    V w[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) w[n] = *reinterpret_cast<const V*>(b + n * W);
#pragma GCC unroll 16
    for (int i = 0; i < R; ++i) {
      const V x = a[i * lda + j] - V{};
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) acc[i][n] += x * w[n];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      V* out = reinterpret_cast<V*>(c + i * ldc + n * W);
      V y = acc[i][n];
      if (bias != nullptr) y += *reinterpret_cast<const V*>(bias + n * W);
      if (add) y += *out;
      if (relu) y = y < 0.0F ? V{} : y;  // NaN stays
      *out = y;
    }
}

/// The same for 1..R rows.
template <int W, int R, int N, int LDA>
inline void rows_of(long rows, const float* a, long lda, long k, const float* b, long ldb, float* c,
                    long ldc, const float* bias, bool add, bool relu) {
  if (rows == R) return tile<W, R, N, LDA>(a, lda, k, b, ldb, c, ldc, bias, add, relu);
  if constexpr (R > 1) rows_of<W, R - 1, N, LDA>(rows, a, lda, k, b, ldb, c, ldc, bias, add, relu);
}

/// One panel of `width` columns against any number of rows, in groups of nearly equal size.
template <int W, int R, int N, int LDA>
inline void panel_of(long rows, const float* a, long lda, long k, const float* b, long width,
                     float* c, long ldc, const float* bias, bool add, bool relu) {
  const long groups = (rows + R - 1) / R;
  for (long g = 0, row = 0; g < groups; ++g) {
    const long count = (rows - row) / (groups - g);
    for (long n = 0; n < width; n += W * N) {
      const float* shift = bias == nullptr ? nullptr : bias + n;
      rows_of<W, R, N, LDA>(count, a + row * lda, lda, k, b + n, width, c + row * ldc + n, ldc,
                            shift, add, relu);
    }
    row += count;
  }
}

template <int W, int R, int N>
inline void panel(long rows, const float* a, long lda, long k, const float* b, long width, float* c,
                  long ldc, const float* bias, bool add, bool relu) {
  const auto run = [&](auto f) { f(rows, a, lda, k, b, width, c, ldc, bias, add, relu); };
  switch (lda) {
    case 16:
      return run(panel_of<W, R, N, 16>);
    case 32:
      return run(panel_of<W, R, N, 32>);
    case 64:
      return run(panel_of<W, R, N, 64>);
    case 128:
      return run(panel_of<W, R, N, 128>);
    case 256:
      return run(panel_of<W, R, N, 256>);
    case 384:
      return run(panel_of<W, R, N, 384>);
    case 512:
      return run(panel_of<W, R, N, 512>);
    case 1536:
      return run(panel_of<W, R, N, 1536>);
    default:
      return run(panel_of<W, R, N, 0>);
  }
}

/// Registers: R x N sums, N weights and one value of a. A panel of 16 columns is one vector of
/// AVX-512.
template <int W, int R, int N>
inline void any_panel(long rows, const float* a, long lda, long k, const float* b, long width,
                      float* c, long ldc, const float* bias, bool add, bool relu) {
  if constexpr (W * N > 16)
    if (width == 16) return panel<W, R, 16 / W>(rows, a, lda, k, b, width, c, ldc, bias, add, relu);
  panel<W, R, N>(rows, a, lda, k, b, width, c, ldc, bias, add, relu);
}

}  // namespace
