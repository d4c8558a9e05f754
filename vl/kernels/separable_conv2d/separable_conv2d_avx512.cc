#include "vl/kernels/separable_conv2d/separable_conv2d_kernel.h"

namespace vl::kernels {

void separable_conv2d_avx512(const SeparableCall& call) { separable<16, 12, 2>(call); }

}  // namespace vl::kernels
