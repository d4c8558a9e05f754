#pragma once

// One set of functions per ISA, each compiled with its own flags.

#include "vl/kernels/gemv/gemv_variants.h"

namespace vl::kernels {

constexpr long kInt8Group = 16;  ///< rows of activations side by side
constexpr long kInt8Step = 64;   ///< columns of a packed block

/// Activations of 16-bit numbers in two bytes, packed in groups of kInt8Group rows: of each four
/// columns the bytes of all rows, which is how AMX and VNNI read the second operand. Rows up to a
/// whole number of pairs of groups and columns up to a multiple of kInt8Step are zeros.
struct PackedInt8 {
  long rows, columns;       ///< without padding
  long group_bytes;         ///< of one group in one of the two arrays
  signed char *high, *low;  ///< 64-byte lines
  float* scale;             ///< of a row
  long long* shift;         ///< of a row: what weights + 128 in place of weights add to the sum
};

struct GemmInt8Variant {
  /// Packs the rows of one group.
  void (*pack)(const GemvCall& call, const PackedInt8& x, long group);
  /// Results begin .. end - 1 of the rows of groups first .. last - 1, an even number.
  void (*multiply)(const GemvCall& call, const PackedInt8& x, long first, long last);
};

extern const GemmInt8Variant kGemmInt8Vnni, kGemmInt8Amx;

}  // namespace vl::kernels
