// Shared text of the ISA variants, included after vec_avx512.h: internal linkage, nothing of the
// standard library.

#pragma once

#include "vl/kernels/gemm_int8/gemm_int8_variants.h"
#include "vl/kernels/int8_activations.h"

namespace {

using vl::kernels::GemvCall;
using vl::kernels::kInt8Group;
using vl::kernels::kInt8Step;
using vl::kernels::PackedInt8;

constexpr long kLine = 64;

/// Sixteen whole numbers of 16 bits.
inline __m512i whole(const float* x, long left, float factor) {
  const __mmask16 mask = left >= 16 ? 0xFFFF : static_cast<__mmask16>((1U << left) - 1);
  const __m512 round = _mm512_set1_ps(kRound);
  const __m512 values = _mm512_maskz_loadu_ps(mask, x);
  return _mm512_cvtps_epi32(
      _mm512_sub_ps(_mm512_fmadd_ps(values, _mm512_set1_ps(factor), round), round));
}

/// One row of a group; n is 0 for a row of padding.
inline void pack_row(const float* x, long n, const PackedInt8& out, long group, long row) {
  const RowScale scale = row_scale(x, n);
  signed char* high = out.high + group * out.group_bytes + row * 4;
  signed char* low = out.low + group * out.group_bytes + row * 4;
  // Four columns of a row lie 64 bytes from the next four.
  const __m512i lines =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(kLine));
  __m512i sum_high = _mm512_setzero_si512(), sum_low = sum_high;
  for (long j = 0; j < out.columns; j += kInt8Step) {
    alignas(64) signed char bytes[2][kInt8Step];
    for (long i = 0; i < 4; ++i) {
      const long left = n - j - 16 * i;
      const __m512i q = left > 0 && scale.factor > 0 ? whole(x + j + 16 * i, left, scale.factor)
                                                     : _mm512_setzero_si512();
      const __m512i top = _mm512_srai_epi32(_mm512_add_epi32(q, _mm512_set1_epi32(128)), 8);
      const __m512i rest = _mm512_sub_epi32(q, _mm512_slli_epi32(top, 8));
      sum_high = _mm512_add_epi32(sum_high, top);
      sum_low = _mm512_add_epi32(sum_low, rest);
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes[0] + 16 * i), _mm512_cvtepi32_epi8(top));
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes[1] + 16 * i), _mm512_cvtepi32_epi8(rest));
    }
    const long at = j / 4 * kLine;
    _mm512_i32scatter_epi32(high + at, lines, _mm512_load_si512(bytes[0]), 1);
    _mm512_i32scatter_epi32(low + at, lines, _mm512_load_si512(bytes[1]), 1);
  }
  out.scale[group * kInt8Group + row] = scale.scale;
  out.shift[group * kInt8Group + row] =
      128LL * (256LL * _mm512_reduce_add_epi32(sum_high) + _mm512_reduce_add_epi32(sum_low));
}

inline void pack_group(const GemvCall& c, const PackedInt8& out, long group) {
  for (long row = 0; row < kInt8Group; ++row) {
    const long i = group * kInt8Group + row;
    if (i < c.rows)
      pack_row(c.x + i * c.ldx, c.in, out, group, row);
    else
      pack_row(c.x, 0, out, group, row);
  }
}

/// A 16 x 16 block of floats, rows and columns exchanged.
inline void transpose(__m512 (&v)[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
  const auto pairs = [](__m512 a, __m512 b, bool upper) {
    const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_castpd_ps(upper ? _mm512_unpackhi_pd(x, y) : _mm512_unpacklo_pd(x, y));
  };
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    v[i] = pairs(t[i], t[i + 2], false);
    v[i + 1] = pairs(t[i], t[i + 2], true);
    v[i + 2] = pairs(t[i + 1], t[i + 3], false);
    v[i + 3] = pairs(t[i + 1], t[i + 3], true);
  }
  // v[4 b + c] holds, in its quarter q, column 4 q + c of rows 4 b .. 4 b + 3.
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    t[c] = _mm512_shuffle_f32x4(v[c], v[4 + c], 0x88);
    t[4 + c] = _mm512_shuffle_f32x4(v[c], v[4 + c], 0xDD);
    t[8 + c] = _mm512_shuffle_f32x4(v[8 + c], v[12 + c], 0x88);
    t[12 + c] = _mm512_shuffle_f32x4(v[8 + c], v[12 + c], 0xDD);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; ++c) {
    v[c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0x88);
    v[8 + c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0xDD);
    v[4 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0x88);
    v[12 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0xDD);
  }
}

/// float(256 high + low - shift), rounded once.
inline __m512 whole_sum(__m512i high, __m512i low, const long long* shift) {
  __m256 halves[2];
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    const __m256i h = i == 0 ? _mm512_castsi512_si256(high) : _mm512_extracti64x4_epi64(high, 1);
    const __m256i l = i == 0 ? _mm512_castsi512_si256(low) : _mm512_extracti64x4_epi64(low, 1);
    __m512i sum =
        _mm512_add_epi64(_mm512_slli_epi64(_mm512_cvtepi32_epi64(h), 8), _mm512_cvtepi32_epi64(l));
    if (shift != nullptr) sum = _mm512_sub_epi64(sum, _mm512_loadu_si512(shift + 8 * i));
    halves[i] = _mm512_cvtepi64_ps(sum);
  }
  return _mm512_insertf32x8(_mm512_castps256_ps512(halves[0]), halves[1], 1);
}

/// Sixteen outputs of sixteen rows from their sums, [output][row].
/// @param shifted whether the sums are of weights + 128
inline void finish(const GemvCall& c, const PackedInt8& x, const int (*high)[16],
                   const int (*low)[16], long output, long group, bool shifted) {
  const long row = group * kInt8Group;
  const long outputs = c.end - output < 16 ? c.end - output : 16;
  const long rows = c.rows - row < kInt8Group ? c.rows - row : kInt8Group;
  const __m512 row_scales = _mm512_loadu_ps(x.scale + row);
  __m512 v[16];
#pragma GCC unroll 16
  for (int o = 0; o < 16; ++o) {
    const long at = output + (o < outputs ? o : outputs - 1);
    const __m512 sum = whole_sum(_mm512_load_si512(high[o]), _mm512_load_si512(low[o]),
                                 shifted ? x.shift + row : nullptr);
    const __m512 bias = _mm512_set1_ps(c.bias != nullptr ? c.bias[at] : 0.0F);
    v[o] = _mm512_fmadd_ps(_mm512_mul_ps(sum, row_scales), _mm512_set1_ps(c.scale[at]), bias);
    if (c.relu)  // as max(), but keeps what is not a number
      v[o] = _mm512_mask_mov_ps(v[o], _mm512_cmp_ps_mask(v[o], _mm512_setzero_ps(), _CMP_LT_OQ),
                                _mm512_setzero_ps());
  }
  transpose(v);
  const __mmask16 mask = static_cast<__mmask16>((1U << outputs) - 1);
  for (long r = 0; r < rows; ++r) {
    float* y = c.y + (row + r) * c.ldy + output;
    const __m512 before = c.add ? _mm512_maskz_loadu_ps(mask, y) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(y, mask, c.add ? _mm512_add_ps(before, v[r]) : v[r]);
  }
}

}  // namespace
