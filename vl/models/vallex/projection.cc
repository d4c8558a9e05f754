#include "vl/models/vallex/projection.h"

#include <ATen/ATen.h>

#include "vl/core/allocator.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/gemm_int8/gemm_int8.h"
#include "vl/kernels/parallel.h"
#include "vl/nn/large_tensor.h"
#include "vl/weights/mapped_pages.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kRows = 64;  // of one job of a conversion

/// The matrix in another type, valid until the next call of this thread: in one room that stays,
/// for blocks of many sizes that come and go leave holes in the heap of several times the model.
at::Tensor widened(const at::Tensor& weight, at::ScalarType type) {
  if (weight.scalar_type() == type) return weight;
  thread_local std::shared_ptr<void> room;
  thread_local size_t size = 0;
  const size_t bytes = static_cast<size_t>(weight.numel()) * c10::elementSize(type);
  if (bytes > size) {
    room = allocate_large(bytes);
    size = bytes;
  }
  at::Tensor out = at::from_blob(room.get(), weight.sizes(), at::dtype(type));
  out.copy_(weight);
  return out;
}

std::optional<at::Tensor> optional(const at::Tensor& t) {
  return t.defined() ? std::optional(t) : std::nullopt;
}

}  // namespace

at::Tensor Projection::operator()(const at::Tensor& x) const {
  if (weight_.scalar_type() == x.scalar_type()) return at::linear(x, weight_, optional(bias_));
  if (weight_.scalar_type() == at::kChar) return int8_product(x);
  const auto type = kernels::cpu_multiplies_bfloat16() ? at::kBFloat16 : at::kFloat;
  at::Tensor y = at::linear(x.to(type), widened(weight_, type)).to(x.scalar_type());
  if (bias_.defined()) y.add_(bias_);
  return y;
}

at::Tensor Projection::int8_product(const at::Tensor& x) const {
  if (!kernels::has_gemm_int8() || weight_.size(1) > kernels::kGemmInt8Columns) {
    at::Tensor y = at::linear(x, widened(weight_, at::kFloat)).mul_(scale_);
    return bias_.defined() ? y.add_(bias_) : y;
  }
  const at::Tensor rows = x.contiguous();
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = weight_.size(0);
  at::Tensor y = at::empty(sizes, x.options());
  kernels::gemm_int8(matrix(), {.rows = x.numel() / x.size(-1),
                                .x = rows.const_data_ptr<float>(),
                                .ldx = x.size(-1),
                                .y = y.mutable_data_ptr<float>(),
                                .ldy = weight_.size(0)});
  return y;
}

void Projection::store(nn::Precision precision) {
  if (precision == nn::Precision::kFloat32) return;
  const at::Tensor from = weight_.detach();  // keeps the float32 numbers for the moment
  const bool small = precision == nn::Precision::kInt8;
  at::Tensor to = nn::large_tensor(from.sizes(), small ? at::kChar : at::kBFloat16);
  if (small) {
    scale_ = at::empty({from.size(0)});
    const float* x = from.const_data_ptr<float>();
    auto* q = to.mutable_data_ptr<int8_t>();
    auto* scale = scale_.mutable_data_ptr<float>();
    const int64_t rows = from.size(0), columns = from.size(1);
    kernels::parallel_for((rows + kRows - 1) / kRows, [&](int64_t part, int) {
      for (int64_t i = part * kRows; i < std::min(rows, (part + 1) * kRows); ++i)
        scale[i] = kernels::quantise_row(x + i * columns, columns, q + i * columns);
    });
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
