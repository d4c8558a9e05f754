// Activations for products with int8 weights: whole numbers of 16 bits relative to the largest of
// their row, as two signed bytes, value = scale * (256 * high + low). Included by ISA variants,
// after vec_avx512.h: internal linkage, nothing of the standard library.

#pragma once

namespace {

constexpr float kTop = 32512;       // 127 * 256: the upper byte stays within -127 .. 127
constexpr float kRound = 12582912;  // 1.5 * 2^23: adding it rounds to whole numbers, ties to even

struct RowScale {
  float scale, factor;  ///< of the whole numbers, and its reciprocal; (NaN, 0) for a row that has
                        ///< a number that is not finite
};

inline RowScale row_scale(const float* x, long n) {
  constexpr float kSmallest = 1e-30F;  // below it the reciprocal would not be finite
  __m512 highest = _mm512_setzero_ps(), finite = highest;
  for (long j = 0; j < n; j += 16) {
    const __mmask16 mask = n - j >= 16 ? 0xFFFF : static_cast<__mmask16>((1U << (n - j)) - 1);
    const __m512 v = _mm512_maskz_loadu_ps(mask, x + j);
    highest = _mm512_max_ps(highest, _mm512_abs_ps(v));
    finite = _mm512_fmadd_ps(v, _mm512_setzero_ps(), finite);
  }
  if (_mm512_cmpneq_ps_mask(finite, _mm512_setzero_ps()) != 0) return {__builtin_nanf(""), 0};
  const float top = _mm512_reduce_max_ps(highest);
  return top > kSmallest ? RowScale{top / kTop, kTop / top} : RowScale{0, 0};
}

}  // namespace
