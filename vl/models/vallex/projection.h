#pragma once

#include <ATen/core/Tensor.h>

#include "vl/kernels/gemv/gemv.h"
#include "vl/nn/module.h"

namespace vl::models::vallex {

/// y = x W^T + b, with W kept as float32, bfloat16 or int8 with a scale for each row. Refers to
/// parameters that a module has registered, so that their keys stay those of the public state dict.
class Projection {
 public:
  Projection() = default;
  /// @param weight [out, in] @param bias [out] or undefined
  Projection(at::Tensor weight, at::Tensor bias)
      : weight_(std::move(weight)), bias_(std::move(bias)) {}

  /// Any number of rows, float32. bfloat16 weights are widened a matrix at a time, or multiplied
  /// with bfloat16 rows where the CPU has instructions for it; int8 weights meet rows of 16 bits,
  /// or are widened where kernels::gemm_int8() cannot run.
  at::Tensor operator()(const at::Tensor& x) const;

  /// Converts the parameter in place; the float32 weights are let go.
  void store(nn::Precision precision);

  /// For rows that are multiplied one at a time: see kernels::gemv().
  kernels::GemvMatrix matrix() const;

 private:
  at::Tensor int8_product(const at::Tensor& x) const;

  at::Tensor weight_, bias_, scale_;
};

}  // namespace vl::models::vallex
