#include "vl/kernels/conv2d/conv2d_kernel.h"

namespace vl::kernels {

void conv2d_avx512(const ConvCall& call) { convolve<16, 12, 2>(call); }

}  // namespace vl::kernels
