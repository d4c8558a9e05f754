#pragma once

#include <ATen/core/Tensor.h>

namespace vl::nn {

/// An uninitialised CPU tensor on pages of its own, large ones where the system has them: for
/// weights that are read from end to end, and for big results that would leave holes in the heap.
at::Tensor large_tensor(at::IntArrayRef sizes, at::ScalarType type,
                        at::MemoryFormat format = at::MemoryFormat::Contiguous);

}  // namespace vl::nn
