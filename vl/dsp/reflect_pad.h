#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// The signal mirrored at its first and its last sample, which are not repeated, as numpy's
/// `pad(mode="reflect")`: again and again where the padding is longer than the signal; a single
/// sample is repeated.
/// @param x [T] any dtype, T >= 1 (0 only without padding)
/// @param left, right samples to add, >= 0
/// @return [left + T + right]
/// @throws Error(kBadValue) for another shape or a negative padding
at::Tensor reflect_pad(const at::Tensor& x, int64_t left, int64_t right);

/// Where sample i of the signal mirrored at both ends comes from. n >= 1; any i.
int64_t reflected_index(int64_t i, int64_t n);

}  // namespace vl::dsp
