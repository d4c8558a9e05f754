#include "vl/weights/node_value.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::weights {

namespace {

using Kind = PickleNode::Kind;
constexpr int kMaxDepth = 100;

at::ScalarType scalar_type(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
      return at::kFloat;
    case ElementType::kHalf:
      return at::kHalf;
    case ElementType::kBFloat16:
      return at::kBFloat16;
    case ElementType::kDouble:
      return at::kDouble;
    case ElementType::kLong:
      return at::kLong;
    case ElementType::kInt:
      return at::kInt;
    case ElementType::kShort:
      return at::kShort;
    case ElementType::kChar:
      return at::kChar;
    case ElementType::kByte:
      return at::kByte;
    default:
      return at::kBool;
  }
}

}  // namespace

at::Tensor NodeConverter::storage(const StorageNode& s) {
  const auto [it, fresh] = storages_.try_emplace(s.key);
  if (!fresh) return it->second;
  const ByteView bytes = bytes_of_(s);
  const auto wanted = static_cast<size_t>(s.count) * static_cast<size_t>(element_size(s.type));
  if (static_cast<size_t>(s.count) > bytes.size || bytes.size < wanted)
    throw Error(Code::kTruncatedModel,
                fmt::format("{} ends early: storage \"{}\" has {} of {} bytes", name_, s.key,
                            bytes.size, wanted),
                Where{.file = name_, .detail = "storage " + s.key});
  const auto type = scalar_type(s.type);
  const bool aligned =
      reinterpret_cast<uintptr_t>(bytes.data) % static_cast<uintptr_t>(element_size(s.type)) == 0;
  if (s.count == 0) {
    it->second = at::empty({0}, type);
  } else if (aligned) {
    it->second = at::from_blob(
        bytes.data, {s.count}, [owner = bytes.owner](void*) {}, type);
  } else {
    it->second = at::empty({s.count}, type);
    std::memcpy(it->second.data_ptr(), bytes.data, wanted);
  }
  return it->second;
}

at::Tensor NodeConverter::tensor(const PickleNode& node) {
  return storage(node.of->storage).as_strided(node.sizes, node.strides, node.offset);
}

Value NodeConverter::convert(const PickleNode& node, int depth) {
  if (depth > kMaxDepth)
    throw Error(Code::kNotACheckpoint, name_ + " is damaged: objects are nested too deeply",
                Where{.file = name_});
  switch (node.kind) {
    case Kind::kNone:
    case Kind::kBigInt:
      return {};
    case Kind::kBool:
      return {node.truth};
    case Kind::kInt:
      return {node.integer};
    case Kind::kFloat:
      return {node.real};
    case Kind::kText:
      return {node.text};
    case Kind::kGlobal:
    case Kind::kOpaque:
      return {Opaque{node.text}};
    case Kind::kStorage:
      return {Opaque{"storage " + node.storage.key}};
    default:
      break;
  }
  if (const auto it = done_.find(&node); it != done_.end()) return it->second;
  if (!open_.insert(&node).second) return {};  // a cycle
  Value out;
  if (node.kind == Kind::kTensor) {
    out.data = tensor(node);
  } else if (node.kind == Kind::kList) {
    auto list = std::make_shared<List>();
    for (const PickleNode* item : node.items) list->push_back(convert(*item, depth + 1));
    out.data = list;
  } else {
    auto dict = std::make_shared<Dict>();
    for (const auto& [key, value] : node.pairs) {
      Value k = convert(*key, depth + 1);
      dict->emplace_back(std::move(k), convert(*value, depth + 1));
    }
    out.data = dict;
  }
  open_.erase(&node);
  done_[&node] = out;
  return out;
}

namespace {

void collect(const Value& module, const std::string& prefix, Dict& out, int depth) {
  const Dict* dict = module.dict();
  if (dict == nullptr || depth > kMaxDepth) return;
  for (const auto& [key, value] : *dict) {
    if (key.text() == nullptr) continue;
    const std::string name = prefix.empty() ? *key.text() : prefix + "." + *key.text();
    if (value.tensor() != nullptr)
      out.emplace_back(Value{name}, value);
    else
      collect(value, name, out, depth + 1);
  }
}

}  // namespace

Value flatten_module(const Value& module) {
  auto out = std::make_shared<Dict>();
  collect(module, "", *out, 0);
  return {out};
}

}  // namespace vl::weights
