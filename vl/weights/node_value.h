#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "vl/weights/mapped_file.h"
#include "vl/weights/pickle_machine.h"
#include "vl/weights/value.h"

namespace vl::weights {

/// Turns pickle nodes into values; tensors become views of the container's bytes where alignment
/// allows. Shared nodes stay shared, cycles are cut, depth and repeated text are limited. Tensors
/// of optimizer states (a dictionary with "state" and "param_groups") become opaque: they are twice
/// the size of the weights, and nothing reads them.
class NodeConverter {
 public:
  /// @param room bytes of the container: its storages together cannot have more
  /// @param bytes_of where the raw elements of a storage are; called once a storage, only for
  /// tensors that are converted
  NodeConverter(std::string name, uint64_t room,
                std::function<ByteView(const StorageNode&)> bytes_of)
      : name_(std::move(name)), room_(room), bytes_of_(std::move(bytes_of)) {}

  /// @throws Error(kNotACheckpoint, kTruncatedModel)
  Value convert(const PickleNode& root) { return convert(root, {}); }

 private:
  struct Place {
    int depth = 0;
    bool optimizer = false;
  };
  Value convert(const PickleNode& node, Place place);
  Value container(const PickleNode& node, Place place);
  std::string text(const std::string& bytes);
  at::Tensor tensor(const TensorNode& node);
  const at::Tensor& storage(const StorageNode& node);
  [[noreturn]] void damaged(const std::string& what) const;

  std::string name_;
  uint64_t room_;
  std::function<ByteView(const StorageNode&)> bytes_of_;
  std::unordered_map<const PickleNode*, Value> done_[2];  ///< outside and inside optimizer states
  std::unordered_set<const PickleNode*> open_;
  std::unordered_map<const StorageNode*, at::Tensor> storages_;
  uint64_t text_bytes_ = 0;
};

/// Parameters and buffers of a TorchScript module (nested objects) as one dictionary with dotted
/// names. @throws Error(kNotACheckpoint) when the tree repeats itself without bound
Value flatten_module(const Value& module, const std::string& name);

}  // namespace vl::weights
