#include "vl/kernels/gemm/gemm_kernel.h"
#include "vl/kernels/gemm/gemm_variants.h"

namespace vl::kernels {

void gemm_panel_generic(long rows, const float* a, long lda, long k, const float* b, long width,
                        float* c, long ldc, const float* bias, bool add, bool relu) {
  any_panel<4, 3, 2>(rows, a, lda, k, b, width, c, ldc, bias, add, relu);
}

}  // namespace vl::kernels
