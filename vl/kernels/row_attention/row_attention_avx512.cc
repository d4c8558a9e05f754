#include "vl/kernels/vec_avx512.h"
// The vectors come first.
#include "vl/kernels/row_attention/row_attention_kernel.h"

namespace vl::kernels {

const RowAttentionVariant kRowAttentionAvx512 = {head<float>, head<unsigned short>};

}  // namespace vl::kernels
