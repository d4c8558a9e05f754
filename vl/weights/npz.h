#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace vl::weights {

/// The arrays of a NumPy .npz file (stored members; little-endian i4 i8 f4 f8 u1; C and Fortran
/// order).
/// @throws Error kNotFound, kNotACheckpoint, kTruncatedModel, kUnsupportedVariant
std::map<std::string, at::Tensor> read_npz(const std::string& path);

}  // namespace vl::weights
