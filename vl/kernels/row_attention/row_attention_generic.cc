#include "vl/kernels/vec_generic.h"
// The vectors come first.
#include "vl/kernels/row_attention/row_attention_kernel.h"

namespace vl::kernels {

const RowAttentionVariant kRowAttentionGeneric = {head<float>, head<unsigned short>};

}  // namespace vl::kernels
