#include "vl/kernels/winograd_conv1d/winograd_conv1d_kernel.h"

namespace vl::kernels {

void winograd_conv1d_avx2(const WinogradCall& call) { winograd<8, 6, 2>(call); }

}  // namespace vl::kernels
