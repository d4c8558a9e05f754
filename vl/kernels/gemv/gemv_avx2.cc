#include "vl/kernels/vec_avx2.h"
// The vectors come first.
#include "vl/kernels/gemv/gemv_kernel.h"

namespace vl::kernels {

const GemvVariant kGemvAvx2 = {product<float>, product<unsigned short>, product<signed char>,
                               norm_row, read_bytes};

}  // namespace vl::kernels
