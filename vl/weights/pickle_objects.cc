#include <algorithm>
#include <cstring>

#include "vl/core/error.h"
#include "vl/weights/pickle_globals.h"
#include "vl/weights/pickle_machine.h"
#include "vl/weights/pickle_text.h"

namespace vl::weights {

namespace {

using Kind = PickleNode::Kind;

constexpr size_t kMaxRank = 64;
constexpr uint64_t kTensorBytes = 512;  // what at::Tensor and its view will cost
constexpr int64_t kMaxStorageBytes = int64_t{1} << 46;
constexpr int64_t kViewsPerElement = 8;

struct StorageType {
  ElementType type;
  int64_t bytes;
};

const std::map<std::string, StorageType> kStorageTypes = {
    {"FloatStorage", {ElementType::kFloat, 4}},
    {"HalfStorage", {ElementType::kHalf, 2}},
    {"BFloat16Storage", {ElementType::kBFloat16, 2}},
    {"DoubleStorage", {ElementType::kDouble, 8}},
    {"LongStorage", {ElementType::kLong, 8}},
    {"IntStorage", {ElementType::kInt, 4}},
    {"ShortStorage", {ElementType::kShort, 2}},
    {"CharStorage", {ElementType::kChar, 1}},
    {"ByteStorage", {ElementType::kByte, 1}},
    {"BoolStorage", {ElementType::kBool, 1}},
    {"UntypedStorage", {ElementType::kOther, 1}},
    {"ComplexFloatStorage", {ElementType::kOther, 8}},
    {"ComplexDoubleStorage", {ElementType::kOther, 16}},
    {"QInt8Storage", {ElementType::kOther, 1}},
    {"QUInt8Storage", {ElementType::kOther, 1}},
    {"QInt32Storage", {ElementType::kOther, 4}}};

bool is_tensor_maker(const std::string& name) {
  return name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor";
}

bool all_ints(const std::vector<PickleNode*>& items) {
  return std::all_of(items.begin(), items.end(),
                     [](const PickleNode* n) { return n->kind == Kind::kInt; });
}

/// Whether every element lies inside the storage; `elements` gets their number.
bool fits(const TensorNode& t, int64_t& elements) {
  int64_t last = t.offset, bound = t.storage->element_bytes;
  elements = 1;
  for (size_t d = 0; d < t.sizes.size(); ++d) {
    int64_t reach = 0;
    const int64_t size = t.sizes[d], steps = std::max<int64_t>(size - 1, 0);
    if (size < 0 || t.strides[d] < 0 ||
        __builtin_mul_overflow(bound, std::max<int64_t>(size, 1), &bound) ||
        __builtin_mul_overflow(steps, t.strides[d], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return false;
    elements *= size;
  }
  return t.offset >= 0 && (elements == 0 || last < t.storage->count);
}

}  // namespace

PickleNode* PickleMachine::global_node(const std::string& module, const std::string& name) {
  const std::string full = module + "." + name;
  if (globals_.insert(full).second) charge(full.size() + kTensorBytes);
  if (is_dangerous_global(module, name))
    throw Error(Code::kUnsafeModel, fmt::format("{} refers to {}: refused", name_, printable(full)),
                Where{.file = name_, .detail = fmt::format("byte {}", where_)},
                {"a model file has no use for this; do not load it anywhere"});
  return text_node(Kind::kGlobal, full);
}

PickleNode* PickleMachine::storage_node(const PickleNode* id) {
  const auto& f = id->items;
  if (id->kind != Kind::kList || f.size() < 5 || f[0]->kind != Kind::kText ||
      f[0]->text != "storage" || f[1]->kind != Kind::kGlobal || f[2]->kind != Kind::kText ||
      f[4]->kind != Kind::kInt)
    fail("unknown form of storage");
  const std::string type_name = f[1]->text.substr(f[1]->text.rfind('.') + 1);
  const auto type = kStorageTypes.find(type_name);
  if (type == kStorageTypes.end()) fail("storage of type " + printable(f[1]->text));
  if (f.size() > 5 && f[5]->kind != Kind::kNone) fail("a view of a storage");
  const StorageNode wanted{f[2]->text, type->second.type, type->second.bytes, f[4]->integer};
  if (wanted.count < 0 || wanted.count > kMaxStorageBytes / wanted.element_bytes)
    fail(fmt::format("a storage of {} elements", wanted.count));
  const auto known = storages_.find(wanted.key);
  if (known != storages_.end()) {
    const StorageNode& s = *known->second->storage;
    if (s.type != wanted.type || s.element_bytes != wanted.element_bytes || s.count != wanted.count)
      fail(fmt::format("storage \"{}\" with two types or sizes", printable(wanted.key)));
    return known->second;
  }
  PickleNode* node = make(Kind::kStorage);
  charge(kTensorBytes + 2 * wanted.key.size());
  node->storage = std::make_unique<StorageNode>(wanted);
  return storages_[wanted.key] = node;
}

// Expanded tensors and many tensors on one storage are legal, but a small file must not ask for
// much memory by them once they are copied.
void PickleMachine::account_view(StorageNode& s, int64_t elements) {
  const int64_t most = kMaxStorageBytes / s.element_bytes;
  if (elements > most) fail(fmt::format("a tensor of {} elements", elements));
  s.viewed = std::min(s.viewed + elements, most);
  if (s.viewed > kViewsPerElement * s.count + 1024)
    charge(static_cast<uint64_t>(elements * s.element_bytes));
}

PickleNode* PickleMachine::tensor_node(const Nodes& args) {
  if (!args.empty() && args[0]->kind == Kind::kOpaque)
    return text_node(Kind::kOpaque, "torch.Tensor");
  if (args.size() < 4 || args[0]->kind != Kind::kStorage || args[1]->kind != Kind::kInt ||
      args[2]->kind != Kind::kList || args[3]->kind != Kind::kList ||
      args[2]->items.size() != args[3]->items.size() || args[2]->items.size() > kMaxRank ||
      !all_ints(args[2]->items) || !all_ints(args[3]->items))
    fail("malformed tensor");
  StorageNode& storage = *args[0]->storage;
  if (storage.type == ElementType::kOther) return text_node(Kind::kOpaque, "torch.Tensor");
  auto tensor = std::make_unique<TensorNode>();
  tensor->storage = &storage;
  tensor->offset = args[1]->integer;
  for (const PickleNode* n : args[2]->items) tensor->sizes.push_back(n->integer);
  for (const PickleNode* n : args[3]->items) tensor->strides.push_back(n->integer);
  int64_t elements = 0;
  if (!fits(*tensor, elements))
    fail(fmt::format("a tensor that does not fit its storage \"{}\"", printable(storage.key)));
  charge(kTensorBytes);
  account_view(storage, elements);
  PickleNode* node = make(Kind::kTensor);
  node->tensor = std::move(tensor);
  return node;
}

PickleNode* PickleMachine::ordered_dict(const Nodes& args) {
  PickleNode* dict = make(Kind::kDict);
  if (args.empty()) return dict;
  if (args[0]->kind == Kind::kDict) {
    charge(args[0]->pairs.size() * sizeof(args[0]->pairs[0]));
    dict->pairs = args[0]->pairs;
    return dict;
  }
  if (args[0]->kind != Kind::kList) fail("a dictionary of something that is no list");
  charge(args[0]->items.size() * sizeof(dict->pairs[0]));
  for (const PickleNode* pair : args[0]->items) {
    if (pair->kind != Kind::kList || pair->items.size() != 2)
      fail("a dictionary's item that is no pair");
    dict->pairs.emplace_back(pair->items[0], pair->items[1]);
  }
  return dict;
}

/// Globals that stand for plain data; null for all others.
PickleNode* PickleMachine::plain_type(const std::string& f, const Nodes& a) {
  const auto first_is = [&](Kind kind) { return !a.empty() && a[0]->kind == kind; };
  if (f == "collections.OrderedDict") return ordered_dict(a);
  if (f == "collections.defaultdict")  // its first argument is the factory
    return ordered_dict(a.size() < 2 ? Nodes() : Nodes(a.begin() + 1, a.end()));
  if (is_tensor_maker(f)) return tensor_node(a);
  if ((f == "torch._utils._rebuild_parameter" ||
       f == "torch._utils._rebuild_parameter_with_state") &&
      first_is(Kind::kTensor))
    return a[0];
  if (f == "torch._tensor._rebuild_from_type_v2" && a.size() > 2 && first_is(Kind::kGlobal) &&
      is_tensor_maker(a[0]->text) && a[2]->kind == Kind::kList)
    return tensor_node(a[2]->items);
  if (f.rfind("torch.jit._pickle.", 0) == 0 && (first_is(Kind::kList) || first_is(Kind::kDict)))
    return a[0];
  if (f == "torch.Size" && first_is(Kind::kList)) return a[0];
  if ((f == "torch.device" || f == "_codecs.encode") && first_is(Kind::kText)) return a[0];
  return nullptr;
}

PickleNode* PickleMachine::reduce(const PickleNode* callable, const PickleNode* args) {
  if (callable->kind != Kind::kGlobal && callable->kind != Kind::kOpaque)
    fail("a call of something that is no global");
  static const Nodes kNone;
  PickleNode* plain =
      callable->kind == Kind::kGlobal
          ? plain_type(callable->text, args->kind == Kind::kList ? args->items : kNone)
          : nullptr;
  if (plain != nullptr) return plain;
  const bool script = callable->text.rfind("__torch__.", 0) == 0;
  return text_node(script ? Kind::kObject : Kind::kOpaque, callable->text);
}

void PickleMachine::build(PickleNode* object, const PickleNode* state) {
  // Attributes count only on TorchScript objects; an OrderedDict's _metadata and the state of
  // opaque objects do not.
  if (object->kind != Kind::kObject || state->kind != Kind::kDict) return;
  charge(state->pairs.size() * sizeof(state->pairs[0]));
  object->pairs.insert(object->pairs.end(), state->pairs.begin(), state->pairs.end());
}

}  // namespace vl::weights
