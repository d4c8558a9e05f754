#pragma once

// One function per ISA, each compiled with its own flags.

namespace vl::kernels {

/// One panel of `width` (32 or 16) columns; the rest as gemm().
using GemmPanel = void (*)(long rows, const float* a, long lda, long k, const float* panel,
                           long width, float* c, long ldc, const float* bias, bool add, bool relu);

void gemm_panel_generic(long, const float*, long, long, const float*, long, float*, long,
                        const float*, bool, bool);
void gemm_panel_avx2(long, const float*, long, long, const float*, long, float*, long, const float*,
                     bool, bool);
void gemm_panel_avx512(long, const float*, long, long, const float*, long, float*, long,
                       const float*, bool, bool);

}  // namespace vl::kernels
