#include "vl/kernels/winograd_conv2d/winograd_conv2d_kernel.h"

namespace vl::kernels {

void winograd_conv2d_avx2(const Winograd2dCall& call) {
  call.tile == 4 ? winograd_2d<4, 8, 6, 2>(call) : winograd_2d<2, 8, 6, 2>(call);
}

}  // namespace vl::kernels
