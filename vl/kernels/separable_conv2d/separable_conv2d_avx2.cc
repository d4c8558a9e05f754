#include "vl/kernels/separable_conv2d/separable_conv2d_kernel.h"

namespace vl::kernels {

void separable_conv2d_avx2(const SeparableCall& call) { separable<8, 6, 2>(call); }

}  // namespace vl::kernels
