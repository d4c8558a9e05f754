// Activations for products with int8 weights: whole numbers of 16 bits relative to the largest of
// their row, as two signed bytes, value = scale * (256 * high + low). Included by ISA variants:
// internal linkage, nothing of the standard library.

#pragma once

namespace {

constexpr float kTop = 32512;  // 127 * 256: the upper byte stays within -127 .. 127
constexpr float kRound = 12582912;  // 1.5 * 2^23: adding it rounds to whole numbers, ties to even

struct RowScale {
  float scale, factor;  ///< of the whole numbers, and its reciprocal; (NaN, 0) for a row that has
                        ///< a number that is not finite
};

inline RowScale row_scale(const float* x, long n) {
  constexpr float kSmallest = 1e-30F;  // below it the reciprocal would not be finite
  float highest = 0, finite = 0;
  for (long j = 0; j < n; ++j) {
    const float size = __builtin_fabsf(x[j]);
    highest = size > highest ? size : highest;
    finite += x[j] * 0.0F;
  }
  if (finite != 0.0F) return {__builtin_nanf(""), 0};
  return highest > kSmallest ? RowScale{highest / kTop, kTop / highest} : RowScale{0, 0};
}

}  // namespace
