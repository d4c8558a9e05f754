#include "vl/kernels/winograd_conv2d/winograd_conv2d_kernel.h"

namespace vl::kernels {

void winograd_conv2d_generic(const Winograd2dCall& call) {
  call.tile == 4 ? winograd_2d<4, 4, 3, 2>(call) : winograd_2d<2, 4, 3, 2>(call);
}

}  // namespace vl::kernels
