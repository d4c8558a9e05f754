#include "vl/nn/module.h"

#include <ATen/ATen.h>

namespace vl::nn {

at::Tensor Module::parameter(const std::string& name, at::IntArrayRef shape) {
  return register_parameter(name, at::empty(shape, at::kFloat), /*requires_grad=*/false);
}

void Module::set_path(Path path) {
  for (const auto& module : modules())
    if (auto* ours = dynamic_cast<Module*>(module.get())) {
      ours->path_ = path;
      if (path == Path::kReference) ours->unload();
    }
}

bool Module::fused(const at::Tensor& x) const {
  if (path_ != Path::kFused || is_training() || !x.is_cpu() || x.scalar_type() != at::kFloat)
    return false;
  if (!at::GradMode::is_enabled()) return true;
  if (x.requires_grad()) return false;
  for (const auto& p : parameters())
    if (p.requires_grad()) return false;
  return true;
}

at::Tensor Module::buffer(const std::string& name, at::Tensor value) {
  return register_buffer(name, std::move(value));
}

}  // namespace vl::nn
