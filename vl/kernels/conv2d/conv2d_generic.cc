#include "vl/kernels/conv2d/conv2d_kernel.h"

namespace vl::kernels {

void conv2d_generic(const ConvCall& call) { convolve<4, 3, 2>(call); }

}  // namespace vl::kernels
