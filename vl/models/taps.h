#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace vl::models {

/// Copies of what the main blocks of a network gave, by the names of the parity data.
using Taps = std::map<std::string, at::Tensor>;

/// Stores a copy under `name`; a null `taps` stores nothing.
inline void keep(Taps* taps, const std::string& name, const at::Tensor& value) {
  if (taps != nullptr) (*taps)[name] = value.clone();
}

}  // namespace vl::models
