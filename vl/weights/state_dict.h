#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::weights {

/// Named tensors in file order. Keys are unique.
class StateDict {
 public:
  using Item = std::pair<std::string, at::Tensor>;

  /// Adds or replaces.
  void set(const std::string& key, at::Tensor value);
  bool contains(const std::string& key) const { return index_.count(key) != 0; }
  /// @throws Error(kBadWeights) naming the key when it is absent
  const at::Tensor& at(const std::string& key) const;
  /// Undefined tensor when absent.
  at::Tensor get(const std::string& key) const;
  void erase(const std::string& key);
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const std::vector<Item>& items() const { return items_; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  /// Number of I in keys PREFIX.I.SUFFIX..., counted from 0 without a gap: count("encoder.layers",
  /// "fc1.weight").
  int64_t count(const std::string& prefix, const std::string& suffix) const;
  /// The keys that start with `prefix`, with it removed.
  StateDict strip(const std::string& prefix) const;
  /// Total number of elements.
  int64_t numel() const;

 private:
  std::vector<Item> items_;
  std::map<std::string, size_t> index_;
};

/// Folds weight norm wherever a key pair says so: P.weight_g + P.weight_v, or
/// P.parametrizations.weight.original0 (g) + original1 (v), becomes P.weight = g * v / ||v||, the
/// norm over every dimension in which g has size 1. Float32 result.
/// @throws Error(kBadWeights) when one of a pair is absent or the shapes do not fit
StateDict fold_weight_norm(const StateDict& in);

/// Removes every occurrence of "module." in keys (DataParallel wrappers).
StateDict strip_module(const StateDict& in);

/// All floating tensors as contiguous float32; integers stay.
StateDict to_float32(const StateDict& in);

}  // namespace vl::weights
