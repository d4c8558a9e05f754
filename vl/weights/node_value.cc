#include "vl/weights/node_value.h"

#include <cstring>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/weights/pickle_text.h"

namespace vl::weights {

namespace {

using Kind = PickleNode::Kind;
constexpr int kMaxDepth = 100;
// A text may be named again and again by two bytes of the file.
constexpr uint64_t kMostText = uint64_t{128} << 20;
constexpr size_t kMostModules = 1'000'000;

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

bool has_key(const PickleNode& dict, const char* key) {
  for (const auto& item : dict.pairs)
    if (item.first->kind == Kind::kText && item.first->text == key) return true;
  return false;
}

bool is_optimizer_state(const PickleNode& node) {
  return node.kind == Kind::kDict && node.pairs.size() <= 4 && has_key(node, "state") &&
         has_key(node, "param_groups");
}

}  // namespace

void NodeConverter::damaged(const std::string& what) const {
  throw Error(Code::kNotACheckpoint, fmt::format("{} is damaged: {}", name_, what),
              Where{.file = name_, .detail = what});
}

std::string NodeConverter::text(const std::string& bytes) {
  text_bytes_ += bytes.size();
  if (text_bytes_ > kMostText) damaged("its texts are repeated beyond all measure");
  return to_utf8(bytes);
}

const at::Tensor& NodeConverter::storage(const StorageNode& s) {
  const auto [it, fresh] = storages_.try_emplace(&s);
  if (!fresh) return it->second;
  const ByteView bytes = bytes_of_(s);
  const uint64_t wanted = s.bytes();
  if (bytes.size < wanted)
    throw Error(Code::kTruncatedModel,
                fmt::format("{} ends early: storage \"{}\" has {} of {} bytes", name_,
                            printable(s.key), bytes.size, wanted),
                Where{.file = name_, .detail = "storage " + printable(s.key)});
  if (wanted > room_) damaged("its storages lie over each other");
  room_ -= wanted;
  const auto type = scalar_type(s.type);
  const bool aligned =
      reinterpret_cast<uintptr_t>(bytes.data) % static_cast<uintptr_t>(s.element_bytes) == 0;
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

at::Tensor NodeConverter::tensor(const TensorNode& node) {
  return storage(*node.storage).as_strided(node.sizes, node.strides, node.offset);
}

Value NodeConverter::container(const PickleNode& node, Place place) {
  const Place inner{place.depth + 1, place.optimizer || is_optimizer_state(node)};
  if (node.kind == Kind::kList) {
    auto list = std::make_shared<List>();
    for (const PickleNode* item : node.items) list->push_back(convert(*item, inner));
    return {list};
  }
  auto dict = std::make_shared<Dict>();
  for (const auto& [key, value] : node.pairs) {
    Value k = convert(*key, inner);
    dict->emplace_back(std::move(k), convert(*value, inner));
  }
  return {dict};
}

Value NodeConverter::convert(const PickleNode& node, Place place) {
  if (place.depth > kMaxDepth) damaged("objects are nested too deeply");
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
      return {text(node.text)};
    case Kind::kGlobal:
    case Kind::kOpaque:
      return {Opaque{text(node.text)}};
    case Kind::kStorage:
      return {Opaque{text("storage " + node.storage->key)}};
    default:
      break;
  }
  if (node.kind == Kind::kTensor && place.optimizer) return {Opaque{"torch.Tensor"}};
  auto& done = done_[place.optimizer ? 1 : 0];
  if (const auto it = done.find(&node); it != done.end()) return it->second;
  if (!open_.insert(&node).second) return {};  // a cycle
  Value out = node.kind == Kind::kTensor ? Value{tensor(*node.tensor)} : container(node, place);
  open_.erase(&node);
  done[&node] = out;
  return out;
}

namespace {

class Flattener {
 public:
  explicit Flattener(const std::string& file) : file_(file) {}

  void collect(const Value& module, const std::string& prefix, Dict& out, int depth) {
    const Dict* dict = module.dict();
    if (dict == nullptr || depth > kMaxDepth) return;
    for (const auto& [key, value] : *dict) {
      if (key.text() == nullptr || (value.tensor() == nullptr && value.dict() == nullptr)) continue;
      const std::string name = prefix.empty() ? *key.text() : prefix + "." + *key.text();
      name_bytes_ += name.size();
      if (++visits_ > kMostModules || name_bytes_ > kMostText)
        throw Error(
            Code::kNotACheckpoint,
            fmt::format("{} is damaged: its modules repeat themselves without bound", file_),
            Where{.file = file_});
      if (value.tensor() != nullptr)
        out.emplace_back(Value{name}, value);
      else
        collect(value, name, out, depth + 1);
    }
  }

 private:
  const std::string& file_;
  size_t visits_ = 0;
  uint64_t name_bytes_ = 0;
};

}  // namespace

Value flatten_module(const Value& module, const std::string& name) {
  auto out = std::make_shared<Dict>();
  Flattener(name).collect(module, "", *out, 0);
  return {out};
}

}  // namespace vl::weights
