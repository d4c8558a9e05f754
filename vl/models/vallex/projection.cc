#include "vl/models/vallex/projection.h"

#include <ATen/ATen.h>

#include "vl/core/allocator.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/weights/mapped_pages.h"

namespace vl::models::vallex {

namespace {

/// An uninitialised tensor in large pages.
at::Tensor large_tensor(at::IntArrayRef sizes, at::ScalarType type) {
  const int64_t count = c10::multiply_integers(sizes);
  const auto bytes = static_cast<size_t>(count) * c10::elementSize(type);
  std::shared_ptr<void> room = allocate_large(bytes);
  void* data = room.get();
  return at::from_blob(
      data, sizes, [room = std::move(room)](void*) {}, at::dtype(type));
}

std::optional<at::Tensor> optional(const at::Tensor& t) {
  return t.defined() ? std::optional(t) : std::nullopt;
}

}  // namespace

at::Tensor Projection::operator()(const at::Tensor& x) const {
  if (weight_.scalar_type() == x.scalar_type()) return at::linear(x, weight_, optional(bias_));
  const auto type = kernels::cpu_multiplies_bfloat16() ? at::kBFloat16 : at::kFloat;
  at::Tensor y = at::linear(x.to(type), weight_.to(type)).to(x.scalar_type());
  if (scale_.defined()) y.mul_(scale_);
  if (bias_.defined()) y.add_(bias_);
  return y;
}

void Projection::store(nn::Precision precision) {
  if (precision == nn::Precision::kFloat32) return;
  const at::Tensor from = weight_.detach();  // keeps the float32 numbers for the moment
  const bool small = precision == nn::Precision::kInt8;
  at::Tensor to = large_tensor(from.sizes(), small ? at::kChar : at::kBFloat16);
  if (small) {
    // Symmetric, a scale a row, ties to even (spec precision.md section 3).
    const at::Tensor scale = from.abs().amax(1, true).div_(127.0).clamp_min_(1e-30);
    to.copy_(at::div(from, scale).round_().clamp_(-127, 127));
    scale_ = scale.squeeze(1);
  } else {
    to.copy_(from);
  }
  weight_.set_data(to);
  weights::release_pages(from.const_data_ptr(), from.nbytes());
}

kernels::GemvMatrix Projection::matrix() const {
  kernels::GemvMatrix out{.weight = weight_.const_data_ptr(),
                          .scale = scale_.defined() ? scale_.const_data_ptr<float>() : nullptr,
                          .bias = bias_.defined() ? bias_.const_data_ptr<float>() : nullptr,
                          .out = weight_.size(0),
                          .in = weight_.size(1)};
  if (weight_.scalar_type() == at::kBFloat16) out.type = kernels::WeightType::kBfloat16;
  if (weight_.scalar_type() == at::kChar) out.type = kernels::WeightType::kInt8;
  return out;
}

}  // namespace vl::models::vallex
