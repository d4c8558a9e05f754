#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "vl/weights/mapped_file.h"

namespace vl::weights {

/// The arrays of a NumPy .npz file (stored or deflated; little-endian i1 i2 i4 i8 u1 b1 f2 f4 f8; C
/// and Fortran order), at most 256 MiB together. Members that are no .npy are passed over.
/// @throws Error kNotFound, kNotACheckpoint, kTruncatedModel, kUnsupportedVariant
std::map<std::string, at::Tensor> read_npz(const std::string& path);
/// The same from bytes in memory; `file` is the name for messages.
std::map<std::string, at::Tensor> read_npz_bytes(const ByteView& bytes, const std::string& file);

}  // namespace vl::weights
