#include "vl/kernels/vec_generic.h"
// The vectors come first.
#include "vl/kernels/gemv/gemv_kernel.h"

namespace vl::kernels {

const GemvVariant kGemvGeneric = {product<float>, product<unsigned short>, product<signed char>,
                                  norm_row, read_bytes};

}  // namespace vl::kernels
