#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::test {

using Tensors = std::map<std::string, at::Tensor>;

/// All tensors of tests/data/RELATIVE (safetensors), by full key.
const Tensors& golden(const std::string& relative);

/// Compares with |got - want| <= abs + rel * max|want|, over all elements; shapes must agree but
/// for dimensions of size 1. `stride` > 1: `want` holds every stride-th element of the flattened
/// `got`. Adds a test failure that names `name`, the largest error and where it is.
void expect_close(const std::string& name, const at::Tensor& got, const at::Tensor& want,
                  double abs, double rel = 0, int64_t stride = 1);
/// Exactly equal (integers).
void expect_equal(const std::string& name, const at::Tensor& got, const at::Tensor& want);

}  // namespace vl::test
