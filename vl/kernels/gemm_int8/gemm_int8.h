#pragma once

#include "vl/kernels/gemv/gemv.h"

namespace vl::kernels {

/// Columns that gemm_int8() takes at most.
constexpr int64_t kGemmInt8Columns = 8192;

/// Whether gemm_int8() can run here: AVX512-VNNI, faster with AMX.
bool has_gemm_int8();

/// gemv() of int8 weights for any number of rows, on all threads: the same bits, at the rate of a
/// matrix product.
void gemm_int8(const GemvMatrix& matrix, const GemvRows& rows);

}  // namespace vl::kernels
