#include "vl/nn/large_tensor.h"

#include <ATen/ATen.h>

#include "vl/core/allocator.h"

namespace vl::nn {

at::Tensor large_tensor(at::IntArrayRef sizes, at::ScalarType type, at::MemoryFormat format) {
  const auto bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * c10::elementSize(type);
  std::shared_ptr<void> room = allocate_large(bytes);
  const c10::DimVector strides = format == at::MemoryFormat::ChannelsLast
                                     ? c10::DimVector(c10::get_channels_last_strides_2d(sizes))
                                     : c10::contiguous_strides(sizes);
  void* data = room.get();
  return at::from_blob(
      data, sizes, strides, [room = std::move(room)](void*) {}, at::dtype(type));
}

}  // namespace vl::nn
