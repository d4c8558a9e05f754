#pragma once

#include <memory>
#include <string>
#include <utility>

#include <torch/nn/module.h>

namespace vl::nn {

/// How blocks compute: plain ATen in the operator sequence of the public code, or our kernels and
/// rearranged weights where a block has them (CPU, float32).
enum class Path { kReference, kFused };

/// How the matrices of a model that has a choice are kept: as the file has them, as bfloat16, or as
/// int8 with a scale for each row while activations stay float ("w8a16").
enum class Precision { kFloat32, kBfloat16, kInt8 };

/// Base of every block: parameters and buffers carry the public state-dict names. Blocks are const
/// once loaded; state of a stream is an argument.
class Module : public torch::nn::Module {
 public:
  /// Called once, children first, when all parameters have their values: the place to precompute
  /// what depends on them.
  virtual void loaded() {}

  /// For this block and all below it, before it is shared. Blocks start with kFused; after
  /// kReference what was precomputed is dropped, and loaded() has to follow a change back.
  void set_path(Path path);

  /// Converts the weights once, after loaded() and before the block is shared; there is no way
  /// back. Blocks that have no such form stay as they are.
  virtual void set_precision(Precision) {}

 protected:
  /// Drops what loaded() made.
  virtual void unload() {}
  /// Whether the fast path may serve a call on x: it is chosen, x is float32 on the CPU, the block
  /// is in evaluation mode and no gradient is asked for.
  bool fused(const at::Tensor& x) const;
  Path path() const { return path_; }
  /// An uninitialised float32 parameter without gradient; load_state() gives it its values.
  at::Tensor parameter(const std::string& name, at::IntArrayRef shape);
  /// A buffer that is part of the state dict.
  at::Tensor buffer(const std::string& name, at::Tensor value);
  /// Makes, registers and returns a child.
  template <class Child, class... Args>
  std::shared_ptr<Child> child(const std::string& name, Args&&... args) {
    return register_module(name, std::make_shared<Child>(std::forward<Args>(args)...));
  }

 private:
  Path path_ = Path::kFused;
};

/// A level of the key path without a forward of its own.
class Level : public Module {
 public:
  template <class Child, class... Args>
  std::shared_ptr<Child> add(const std::string& name, Args&&... args) {
    return child<Child>(name, std::forward<Args>(args)...);
  }
  at::Tensor table(const std::string& name, at::IntArrayRef shape) {
    return parameter(name, shape);
  }
  at::Tensor fixed(const std::string& name, at::Tensor value) {
    return buffer(name, std::move(value));
  }
};

/// A list of children "0", "1", ... of one class.
template <class Child>
class ListOf : public Module {
 public:
  template <class... Args>
  Child& add(Args&&... args) {
    items_.push_back(child<Child>(std::to_string(items_.size()), std::forward<Args>(args)...));
    return *items_.back();
  }
  /// For sequences whose numbering has holes: the child gets the given name.
  template <class... Args>
  Child& add_named(const std::string& name, Args&&... args) {
    items_.push_back(child<Child>(name, std::forward<Args>(args)...));
    return *items_.back();
  }
  size_t size() const { return items_.size(); }
  const Child& operator[](size_t i) const { return *items_[i]; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<std::shared_ptr<Child>> items_;
};

}  // namespace vl::nn
