#include "vl/kernels/separable_conv2d/separable_conv2d_kernel.h"

namespace vl::kernels {

void separable_conv2d_generic(const SeparableCall& call) { separable<4, 3, 2>(call); }

}  // namespace vl::kernels
