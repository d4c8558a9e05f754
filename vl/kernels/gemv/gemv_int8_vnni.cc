// int8 weights by AVX512-VNNI. Activations become whole numbers of 16 bits relative to the largest
// of their row and are split into two signed bytes, so that every product is one of bytes: sums are
// exact whatever their order.

#include "vl/kernels/vec_avx512.h"
// The vectors come first.
#include "vl/kernels/gemv/gemv_variants.h"
#include "vl/kernels/int8_activations.h"

namespace {

using vl::kernels::GemvCall;

constexpr long kStep = 64, kMostRows = 4, kBlock = 32;
constexpr long kMostColumns = vl::kernels::kGemvVnniColumns;

/// Rows of x in bytes, columns padded with zeros to a multiple of kStep.
struct Bytes {
  alignas(64) signed char high[kMostRows][kMostColumns], low[kMostRows][kMostColumns];
  float scale[kMostRows];
  long shift[kMostRows];  // what weights + 128 in place of weights add to the sum
};

void split_row(const float* x, long n, long padded, Bytes& out, long row) {
  const auto [scale, factor] = row_scale(x, n);
  int sum_high = 0, sum_low = 0;
  signed char *high = out.high[row], *low = out.low[row];
  for (long j = 0; j < n; ++j) {
    const int q = factor > 0 ? static_cast<int>(Vec::fma(x[j], factor, kRound) - kRound) : 0;
    const int top = (q + 128) >> 8;
    high[j] = static_cast<signed char>(top);
    low[j] = static_cast<signed char>(q - top * 256);
    sum_high += top;
    sum_low += q - top * 256;
  }
  for (long j = n; j < padded; ++j) high[j] = low[j] = 0;
  out.scale[row] = scale;
  out.shift[row] = 128 * (256L * sum_high + sum_low);
}

/// R rows of weights with B rows of x.
template <int R, int B>
inline void block(const GemvCall& c, const Bytes& x, long first, long output) {
  const signed char* w = static_cast<const signed char*>(c.weight) + output * c.in;
  __m512i high[R][B], low[R][B];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) high[r][b] = low[r][b] = _mm512_setzero_si512();
  const __m512i flip = _mm512_set1_epi8(-128);
  const auto add = [&](long j, __mmask64 mask) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const __m512i signed_weights = _mm512_maskz_loadu_epi8(mask, w + r * c.in + j);
      const __m512i weights = _mm512_xor_si512(signed_weights, flip);
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) {
        high[r][b] = _mm512_dpbusd_epi32(high[r][b], weights, _mm512_load_si512(x.high[b] + j));
        low[r][b] = _mm512_dpbusd_epi32(low[r][b], weights, _mm512_load_si512(x.low[b] + j));
      }
    }
  };
  long j = 0;
  for (; j + kStep <= c.in; j += kStep) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) __builtin_prefetch(w + (R + r) * c.in + j);
    add(j, ~__mmask64{0});
  }
  if (j < c.in) add(j, (__mmask64{1} << (c.in - j)) - 1);
  for (int r = 0; r < R; ++r)
    for (int b = 0; b < B; ++b) {
      const long sum = 256L * _mm512_reduce_add_epi32(high[r][b]) +
                       _mm512_reduce_add_epi32(low[r][b]) - x.shift[b];
      const long o = output + r;
      const float bias = c.bias != nullptr ? c.bias[o] : 0.0F;
      float value = Vec::fma(static_cast<float>(sum) * x.scale[b], c.scale[o], bias);
      if (c.relu && value < 0) value = 0;
      float* y = c.y + (first + b) * c.ldy + o;
      *y = c.add ? *y + value : value;
    }
}

template <int B>
void outputs(const GemvCall& c, const Bytes& x, long first, long begin, long end) {
  constexpr int kTogether = B >= 4 ? 2 : 4;
  long output = begin;
  for (; output + kTogether <= end; output += kTogether) block<kTogether, B>(c, x, first, output);
  for (; output < end; ++output) block<1, B>(c, x, first, output);
}

void any_rows(const GemvCall& c, const Bytes& x, long first, long count, long begin, long end) {
  switch (count) {
    case 1:
      return outputs<1>(c, x, first, begin, end);
    case 2:
      return outputs<2>(c, x, first, begin, end);
    case 3:
      return outputs<3>(c, x, first, begin, end);
    default:
      return outputs<4>(c, x, first, begin, end);
  }
}

}  // namespace

namespace vl::kernels {

void gemv_int8_vnni(const GemvCall& c) {
  const long padded = (c.in + kStep - 1) / kStep * kStep;
  // Up to eight rows share a walk over the weights, four at a time while they are in the cache.
  for (long first = 0; first < c.rows; first += 2 * kMostRows) {
    Bytes x[2];
    long counts[2];
    for (long g = 0; g < 2; ++g) {
      const long begin = first + g * kMostRows, left = c.rows - begin;
      counts[g] = left < 0 ? 0 : left < kMostRows ? left : kMostRows;
      for (long b = 0; b < counts[g]; ++b)
        split_row(c.x + (begin + b) * c.ldx, c.in, padded, x[g], b);
    }
    if (counts[1] == 0) {
      any_rows(c, x[0], first, counts[0], c.begin, c.end);
      continue;
    }
    for (long begin = c.begin; begin < c.end; begin += kBlock) {
      const long end = begin + kBlock < c.end ? begin + kBlock : c.end;
      for (long g = 0; g < 2; ++g) any_rows(c, x[g], first + g * kMostRows, counts[g], begin, end);
    }
  }
}

}  // namespace vl::kernels
