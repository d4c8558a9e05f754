#include "vl/kernels/winograd_conv2d/winograd_conv2d_kernel.h"

namespace vl::kernels {

void winograd_conv2d_avx512(const Winograd2dCall& call) {
  call.tile == 4 ? winograd_2d<4, 16, 12, 2>(call) : winograd_2d<2, 16, 12, 2>(call);
}

}  // namespace vl::kernels
