#include "vl/nn/module.h"

#include <ATen/ATen.h>

namespace vl::nn {

at::Tensor Module::parameter(const std::string& name, at::IntArrayRef shape) {
  return register_parameter(name, at::empty(shape, at::kFloat), /*requires_grad=*/false);
}

at::Tensor Module::buffer(const std::string& name, at::Tensor value) {
  return register_buffer(name, std::move(value));
}

}  // namespace vl::nn
