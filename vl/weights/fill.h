#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

namespace vl::weights {

/// FNV-1a, 64 bits, of the UTF-8 bytes.
uint64_t fnv1a64(const std::string& text);

/// Deterministic values (SplitMix64 keyed by FNV-1a of `key` and by `seed`), the same in every
/// language: value[i] = float32(float32(scale * x) + offset), x in [-1, 1) from the top 24 bits of
/// mix(h + (i + 1) * golden).
/// @return float32, contiguous, of `shape`
at::Tensor fill_tensor(const std::string& key, at::IntArrayRef shape, uint64_t seed,
                       double scale = 1.0, double offset = 0.0);

}  // namespace vl::weights
