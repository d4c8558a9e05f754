#include "vl/kernels/conv2d/conv2d_kernel.h"

namespace vl::kernels {

void conv2d_avx2(const ConvCall& call) { convolve<8, 6, 2>(call); }

}  // namespace vl::kernels
