#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "vl/weights/state_dict.h"

namespace vl::weights {

struct Value;
using Dict = std::vector<std::pair<Value, Value>>;
using List = std::vector<Value>;

/// An object of a class that is not known here. Nothing of it was executed; `name` is the global,
/// "pathlib.PosixPath".
struct Opaque {
  std::string name;
};

/// What a checkpoint container holds: plain Python data and tensors. Tuples and lists are both
/// List.
struct Value {
  std::variant<std::monostate, bool, int64_t, double, std::string, at::Tensor,
               std::shared_ptr<List>, std::shared_ptr<Dict>, Opaque>
      data;

  bool is_none() const { return std::holds_alternative<std::monostate>(data); }
  const at::Tensor* tensor() const { return std::get_if<at::Tensor>(&data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  const List* list() const;
  const Dict* dict() const;
  /// The value under a string key of a dict, or null.
  const Value* find(const std::string& key) const;
  /// Numbers (bool and whole doubles included); `otherwise` for anything else.
  int64_t integer(int64_t otherwise) const;
  /// Tensors of a dict whose keys are strings, in order; entries that are no tensors are passed
  /// over. Empty when this is no dict.
  StateDict tensors() const;
  /// Plain data as JSON; tensors and opaque objects become null.
  nlohmann::json to_json() const;
};

}  // namespace vl::weights
