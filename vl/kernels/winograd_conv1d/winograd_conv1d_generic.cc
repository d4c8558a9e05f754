#include "vl/kernels/winograd_conv1d/winograd_conv1d_kernel.h"

namespace vl::kernels {

void winograd_conv1d_generic(const WinogradCall& call) { winograd<4, 3, 2>(call); }

}  // namespace vl::kernels
