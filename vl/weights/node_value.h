#pragma once

#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "vl/weights/mapped_file.h"
#include "vl/weights/pickle_machine.h"
#include "vl/weights/value.h"

namespace vl::weights {

/// Turns pickle nodes into values; tensors become views of the container's bytes where alignment
/// allows. Shared nodes stay shared, cycles are cut, depth is limited.
class NodeConverter {
 public:
  /// @param bytes_of where the raw elements of a storage are; called once a storage, only for
  /// tensors that are converted
  NodeConverter(std::string name, std::function<ByteView(const StorageNode&)> bytes_of)
      : name_(std::move(name)), bytes_of_(std::move(bytes_of)) {}

  /// @throws Error(kNotACheckpoint, kTruncatedModel)
  Value convert(const PickleNode& node, int depth = 0);

 private:
  at::Tensor tensor(const PickleNode& node);
  at::Tensor storage(const StorageNode& node);

  std::string name_;
  std::function<ByteView(const StorageNode&)> bytes_of_;
  std::unordered_map<const PickleNode*, Value> done_;
  std::unordered_set<const PickleNode*> open_;
  std::unordered_map<std::string, at::Tensor> storages_;
};

/// Parameters and buffers of a TorchScript module (nested objects) as one dictionary with dotted
/// names.
Value flatten_module(const Value& module);

}  // namespace vl::weights
