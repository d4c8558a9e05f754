#include "vl/kernels/winograd_conv1d/winograd_conv1d_kernel.h"

namespace vl::kernels {

void winograd_conv1d_avx512(const WinogradCall& call) { winograd<16, 12, 2>(call); }

}  // namespace vl::kernels
