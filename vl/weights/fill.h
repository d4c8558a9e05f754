#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/weights/state_dict.h"

namespace vl::weights {

/// FNV-1a, 64 bits, of the UTF-8 bytes.
uint64_t fnv1a64(const std::string& text);

/// Deterministic values (SplitMix64 keyed by FNV-1a of `key` and by `seed`), the same in every
/// language: value[i] = float32(float32(scale * x) + offset), x in [-1, 1) from the top 24 bits of
/// mix(h + (i + 1) * golden).
/// @return float32, contiguous, of `shape`
at::Tensor fill_tensor(const std::string& key, at::IntArrayRef shape, uint64_t seed,
                       double scale = 1.0, double offset = 0.0);

/// One row of a parameter list.
struct FillParam {
  std::string key;
  std::vector<int64_t> shape;
  std::string dtype = "float32";  ///< float32 or int64 (constant `offset`)
  double scale = 1.0, offset = 0.0;
  std::string tied_to = {};  ///< the values are the fill of this key, its storage is shared
  std::string special = {};  ///< "hann_periodic": 0.5 - 0.5 cos(2 pi n / N) instead of the formula
};

/// Reads a JSON array of {key, shape, dtype, scale, offset[, tied_to, special]}.
/// @throws Error kNotFound, kNotACheckpoint (no such list), kBadWeights naming the entry
std::vector<FillParam> read_fill_params(const std::string& path);

/// The row of a float tensor for which no parameter list is given: scale and offset from key and
/// shape (packs.md section 5). Integer tensors and buffers that a formula gives keep their true
/// values: the caller leaves them out.
/// @param transposed a transposed convolution, whose fan-in is counted over the second dimension
FillParam default_fill_param(const std::string& key, std::vector<int64_t> shape,
                             bool transposed = false);

/// The tensors of the list in its order. With `half` every float tensor is rounded to float16
/// (nearest even) and widened again.
StateDict fill_state_dict(const std::vector<FillParam>& params, uint64_t seed, bool half = false);

}  // namespace vl::weights
