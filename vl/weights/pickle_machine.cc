#include "vl/weights/pickle_machine.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "vl/core/error.h"
#include "vl/weights/pickle_globals.h"

namespace vl::weights {

namespace {

using Kind = PickleNode::Kind;

constexpr size_t kMaxNodes = 8'000'000;  // a public training checkpoint has about 10^5
constexpr size_t kMaxRank = 16;

const std::map<std::string, ElementType> kStorageTypes = {
    {"FloatStorage", ElementType::kFloat},       {"HalfStorage", ElementType::kHalf},
    {"BFloat16Storage", ElementType::kBFloat16}, {"DoubleStorage", ElementType::kDouble},
    {"LongStorage", ElementType::kLong},         {"IntStorage", ElementType::kInt},
    {"ShortStorage", ElementType::kShort},       {"CharStorage", ElementType::kChar},
    {"ByteStorage", ElementType::kByte},         {"BoolStorage", ElementType::kBool}};

}  // namespace

int64_t element_size(ElementType type) {
  switch (type) {
    case ElementType::kDouble:
    case ElementType::kLong:
      return 8;
    case ElementType::kFloat:
    case ElementType::kInt:
      return 4;
    case ElementType::kHalf:
    case ElementType::kBFloat16:
    case ElementType::kShort:
      return 2;
    default:
      return 1;
  }
}

/// Bounds-checked little-endian reading.
struct PickleMachine::Reader {
  const char* data;
  size_t size;
  size_t at;
  const PickleMachine& machine;

  const char* take(uint64_t n) {
    if (n > size - at)
      throw Error(Code::kTruncatedModel,
                  fmt::format("{} ends early: its pickle wants {} bytes at byte {}, {} are left",
                              machine.name_, n, at, size - at),
                  Where{.file = machine.name_, .detail = fmt::format("byte {}", at)});
    const char* p = data + at;
    at += n;
    return p;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
    return value;
  }
  std::string line() {
    const void* end = std::memchr(data + at, '\n', size - at);
    if (end == nullptr) take(size - at + 1);
    const size_t n = static_cast<size_t>(static_cast<const char*>(end) - (data + at));
    std::string out(data + at, n);
    at += n + 1;
    if (!out.empty() && out.back() == '\r') out.pop_back();
    return out;
  }
  std::string text(uint64_t n) {
    const char* p = take(n);
    return std::string(p, n);
  }
};

PickleMachine::~PickleMachine() = default;

void PickleMachine::fail(const std::string& what) const {
  throw Error(Code::kNotACheckpoint,
              fmt::format("{} is damaged: {} at byte {} of its pickle", name_, what, where_),
              Where{.file = name_, .detail = fmt::format("byte {}", where_)});
}

void PickleMachine::spend(size_t items) {
  spent_ += items;
  if (spent_ > kMaxNodes) fail("too many items");
}

PickleNode* PickleMachine::make(Kind kind) {
  if (arena_.size() >= kMaxNodes) fail("too many objects");
  arena_.emplace_back();
  arena_.back().kind = kind;
  return &arena_.back();
}

PickleNode* PickleMachine::text_node(std::string text) {
  PickleNode* node = make(Kind::kText);
  node->text = std::move(text);
  return node;
}

PickleNode* PickleMachine::int_node(int64_t value) {
  PickleNode* node = make(Kind::kInt);
  node->integer = value;
  return node;
}

PickleNode* PickleMachine::big_node(const char* bytes, size_t n) {
  if (n > 8) {
    PickleNode* node = make(Kind::kBigInt);
    node->text.assign(bytes, n);
    return node;
  }
  uint64_t value = n > 0 && (bytes[n - 1] & 0x80) != 0 ? ~uint64_t{0} : 0;
  std::memcpy(&value, bytes, n);
  return int_node(static_cast<int64_t>(value));
}

PickleNode* PickleMachine::decimal_node(const std::string& line) {
  if (line == "00" || line == "01") {  // protocol 0 booleans
    PickleNode* node = make(Kind::kBool);
    node->truth = line == "01";
    return node;
  }
  char* end = nullptr;
  const long long value = std::strtoll(line.c_str(), &end, 10);
  if (end == line.c_str()) fail("a number is wanted");
  return int_node(value);
}

void PickleMachine::push(PickleNode* node) { stack_.push_back(node); }

PickleNode* PickleMachine::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("empty stack");
  PickleNode* node = stack_.back();
  stack_.pop_back();
  return node;
}

PickleNode* PickleMachine::top() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("empty stack");
  return stack_.back();
}

std::vector<PickleNode*> PickleMachine::pop_to_mark() {
  if (marks_.empty()) fail("no mark");
  std::vector<PickleNode*> out(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                               stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return out;
}

void PickleMachine::set_pairs(PickleNode* dict, const std::vector<PickleNode*>& flat) {
  if (flat.size() % 2 != 0) fail("a key without a value");
  if (dict->kind == Kind::kOpaque) return;
  if (dict->kind != Kind::kDict) fail("items set on something that is no dictionary");
  for (size_t i = 0; i < flat.size(); i += 2) dict->pairs.emplace_back(flat[i], flat[i + 1]);
}

PickleNode* PickleMachine::global_node(const std::string& module, const std::string& name) {
  const std::string full = module + "." + name;
  globals_.insert(full);
  if (is_dangerous_global(module, name))
    throw Error(Code::kUnsafeModel, fmt::format("{} refers to {}: refused", name_, full),
                Where{.file = name_, .detail = fmt::format("byte {}", where_)},
                {"a model file has no use for this; do not load it anywhere"});
  PickleNode* node = make(Kind::kGlobal);
  node->text = full;
  return node;
}

PickleNode* PickleMachine::storage_node(PickleNode* id) {
  const auto& f = id->items;
  if (id->kind != Kind::kList || f.size() < 5 || f[0]->kind != Kind::kText ||
      f[0]->text != "storage" || f[1]->kind != Kind::kGlobal || f[2]->kind != Kind::kText ||
      f[4]->kind != Kind::kInt)
    fail("unknown form of storage");
  const std::string type_name = f[1]->text.substr(f[1]->text.rfind('.') + 1);
  const auto type = kStorageTypes.find(type_name);
  if (type == kStorageTypes.end()) fail("storage of type " + f[1]->text);
  if (f.size() > 5 && f[5]->kind != Kind::kNone) fail("a view of a storage");
  const auto known = storages_.find(f[2]->text);
  if (known != storages_.end()) return known->second;
  PickleNode* node = make(Kind::kStorage);
  node->storage = {f[2]->text, type->second, f[4]->integer};
  if (node->storage.count < 0) fail("negative storage size");
  storages_[f[2]->text] = node;
  return node;
}

PickleNode* PickleMachine::tensor_node(const std::vector<PickleNode*>& args) {
  if (args.size() < 4 || args[0]->kind != Kind::kStorage || args[1]->kind != Kind::kInt ||
      args[2]->kind != Kind::kList || args[3]->kind != Kind::kList ||
      args[2]->items.size() != args[3]->items.size() || args[2]->items.size() > kMaxRank)
    fail("malformed tensor");
  PickleNode* node = make(Kind::kTensor);
  node->of = args[0];
  node->offset = args[1]->integer;
  const int64_t count = args[0]->storage.count;
  int64_t last = node->offset, elements = 1;
  bool ok = node->offset >= 0;
  for (size_t d = 0; ok && d < args[2]->items.size(); ++d) {
    const PickleNode *size = args[2]->items[d], *stride = args[3]->items[d];
    ok = size->kind == Kind::kInt && stride->kind == Kind::kInt && size->integer >= 0 &&
         stride->integer >= 0;
    if (!ok) break;
    node->sizes.push_back(size->integer);
    node->strides.push_back(stride->integer);
    int64_t reach = 0;
    ok =
        !__builtin_mul_overflow(elements, size->integer, &elements) &&
        !__builtin_mul_overflow(std::max<int64_t>(size->integer - 1, 0), stride->integer, &reach) &&
        !__builtin_add_overflow(last, reach, &last);
  }
  // Every element must lie inside the storage, and none may be counted twice (a stride of 0 would
  // allocate without bound).
  ok = ok && elements <= count && (elements == 0 || last < count);
  if (!ok) fail("a tensor that does not fit its storage \"" + args[0]->storage.key + "\"");
  return node;
}

PickleNode* PickleMachine::ordered_dict(const std::vector<PickleNode*>& args) {
  PickleNode* dict = make(Kind::kDict);
  if (args.empty()) return dict;
  if (args[0]->kind != Kind::kList) fail("OrderedDict of something that is no list");
  spend(args[0]->items.size());
  for (const PickleNode* pair : args[0]->items) {
    if (pair->kind != Kind::kList || pair->items.size() != 2)
      fail("OrderedDict item that is no pair");
    dict->pairs.emplace_back(pair->items[0], pair->items[1]);
  }
  return dict;
}

PickleNode* PickleMachine::reduce(PickleNode* callable, PickleNode* args) {
  if (callable->kind != Kind::kGlobal && callable->kind != Kind::kOpaque)
    fail("a call of something that is no global");
  static const std::vector<PickleNode*> kNone;
  const auto& a = args->kind == Kind::kList ? args->items : kNone;
  const std::string& f = callable->text;
  const auto first_is = [&](Kind kind) { return !a.empty() && a[0]->kind == kind; };
  if (f == "collections.OrderedDict") return ordered_dict(a);
  if (f == "torch._utils._rebuild_tensor_v2" || f == "torch._utils._rebuild_tensor")
    return tensor_node(a);
  if ((f == "torch._utils._rebuild_parameter" ||
       f == "torch._utils._rebuild_parameter_with_state") &&
      first_is(Kind::kTensor))
    return a[0];
  if (f.rfind("torch.jit._pickle.", 0) == 0 && (first_is(Kind::kList) || first_is(Kind::kDict)))
    return a[0];
  if (f == "torch.Size" && first_is(Kind::kList)) return a[0];
  if ((f == "torch.device" || f == "_codecs.encode") && first_is(Kind::kText)) return a[0];
  PickleNode* node = make(f.rfind("__torch__.", 0) == 0 ? Kind::kObject : Kind::kOpaque);
  node->text = f;
  return node;
}

void PickleMachine::build(PickleNode* object, PickleNode* state) {
  // Attributes count only on TorchScript objects; an OrderedDict's _metadata and the state of
  // opaque objects do not.
  if (object->kind != Kind::kObject || state->kind != Kind::kDict) return;
  spend(state->pairs.size());
  const auto copy = state->pairs;  // the state may be the object's own
  object->pairs.insert(object->pairs.end(), copy.begin(), copy.end());
}

bool PickleMachine::step_literal(uint8_t op, Reader& in) {
  switch (op) {
    case 'N':
      return push(make(Kind::kNone)), true;
    case 0x88:
    case 0x89: {
      PickleNode* node = make(Kind::kBool);
      node->truth = op == 0x88;
      return push(node), true;
    }
    case 'J':
      return push(int_node(in.number<int32_t>())), true;
    case 'K':
      return push(int_node(in.number<uint8_t>())), true;
    case 'M':
      return push(int_node(in.number<uint16_t>())), true;
    case 'I':
      return push(decimal_node(in.line())), true;
    case 'L':
      return push(decimal_node(in.line())), true;
    case 0x8a:
    case 0x8b: {
      const uint64_t n = op == 0x8a ? in.number<uint8_t>() : in.number<uint32_t>();
      return push(big_node(in.take(n), n)), true;
    }
    case 'G': {
      char bytes[8];
      const char* p = in.take(8);
      for (int i = 0; i < 8; ++i) bytes[i] = p[7 - i];
      PickleNode* node = make(Kind::kFloat);
      std::memcpy(&node->real, bytes, 8);
      return push(node), true;
    }
    case 'F': {
      PickleNode* node = make(Kind::kFloat);
      node->real = std::strtod(in.line().c_str(), nullptr);
      return push(node), true;
    }
    default:
      return false;
  }
}

bool PickleMachine::step_text(uint8_t op, Reader& in) {
  switch (op) {
    case 'U':
    case 'C':
    case 0x8c:
      return push(text_node(in.text(in.number<uint8_t>()))), true;
    case 'T':
    case 'B':
    case 'X':
      return push(text_node(in.text(in.number<uint32_t>()))), true;
    case 0x8d:
    case 0x8e:
    case 0x96:
      return push(text_node(in.text(in.number<uint64_t>()))), true;
    case 'S': {
      std::string s = in.line();
      if (s.size() >= 2 && (s.front() == '\'' || s.front() == '"')) s = s.substr(1, s.size() - 2);
      return push(text_node(std::move(s))), true;
    }
    case 'V':
      return push(text_node(in.line())), true;
    default:
      return false;
  }
}

bool PickleMachine::step_container(uint8_t op) {
  const auto list_of = [&](std::vector<PickleNode*> items) {
    PickleNode* node = make(Kind::kList);
    node->items = std::move(items);
    push(node);
    return true;
  };
  switch (op) {
    case '(':
      return marks_.push_back(stack_.size()), true;
    case '0':
      if (!marks_.empty() && stack_.size() == marks_.back()) return marks_.pop_back(), true;
      return pop(), true;
    case '1':
      return pop_to_mark(), true;
    case '2':
      return push(top()), true;
    case ')':
    case ']':
    case 0x8f:
      return list_of({});
    case '}':
      return push(make(Kind::kDict)), true;
    case 't':
    case 'l':
    case 0x91:
      return list_of(pop_to_mark());
    case 0x85:
      return list_of({pop()});
    case 0x86:
    case 0x87: {
      std::vector<PickleNode*> items(op == 0x86 ? 2 : 3);
      for (size_t i = items.size(); i-- > 0;) items[i] = pop();
      return list_of(std::move(items));
    }
    case 'd': {
      const auto flat = pop_to_mark();
      PickleNode* dict = make(Kind::kDict);
      set_pairs(dict, flat);
      return push(dict), true;
    }
    case 'a':
    case 'e':
    case 0x90: {
      const std::vector<PickleNode*> items =
          op == 'a' ? std::vector<PickleNode*>{pop()} : pop_to_mark();
      PickleNode* list = top();
      if (list->kind == Kind::kOpaque) return true;
      if (list->kind != Kind::kList) fail("items added to something that is no list");
      list->items.insert(list->items.end(), items.begin(), items.end());
      return true;
    }
    case 's': {
      PickleNode* value = pop();
      PickleNode* key = pop();
      return set_pairs(top(), {key, value}), true;
    }
    case 'u': {
      const auto flat = pop_to_mark();
      return set_pairs(top(), flat), true;
    }
    default:
      return false;
  }
}

bool PickleMachine::step_object(uint8_t op, Reader& in) {
  switch (op) {
    case 'c': {
      const std::string module = in.line();
      return push(global_node(module, in.line())), true;
    }
    case 0x93: {
      const PickleNode *name = pop(), *module = pop();
      if (name->kind != Kind::kText || module->kind != Kind::kText)
        fail("a global whose name is no text");
      return push(global_node(module->text, name->text)), true;
    }
    case 'R':
    case 0x81: {
      PickleNode* args = pop();
      return push(reduce(pop(), args)), true;
    }
    case 0x92: {
      pop();
      PickleNode* args = pop();
      return push(reduce(pop(), args)), true;
    }
    case 'i':
    case 'o': {
      std::vector<PickleNode*> items;
      PickleNode* callable = nullptr;
      if (op == 'i') {
        const std::string module = in.line();
        callable = global_node(module, in.line());
        items = pop_to_mark();
      } else {
        items = pop_to_mark();
        if (items.empty()) fail("an object without a class");
        callable = items.front();
        items.erase(items.begin());
      }
      PickleNode* args = make(Kind::kList);
      args->items = std::move(items);
      return push(reduce(callable, args)), true;
    }
    case 'b': {
      PickleNode* state = pop();
      return build(top(), state), true;
    }
    case 'Q':
      return push(storage_node(pop())), true;
    default:
      return false;
  }
}

bool PickleMachine::step_memo(uint8_t op, Reader& in) {
  const auto get = [&](uint64_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) fail("unknown memo entry");
    push(it->second);
    return true;
  };
  const auto put = [&](uint64_t key) { return memo_[key] = top(), true; };
  switch (op) {
    case 'q':
      return put(in.number<uint8_t>());
    case 'r':
      return put(in.number<uint32_t>());
    case 'p':
      return put(std::strtoull(in.line().c_str(), nullptr, 10));
    case 0x94:
      return put(memo_.size());
    case 'h':
      return get(in.number<uint8_t>());
    case 'j':
      return get(in.number<uint32_t>());
    case 'g':
      return get(std::strtoull(in.line().c_str(), nullptr, 10));
    case 0x80:
      return in.take(1), true;
    case 0x95:
      return in.take(8), true;
    default:
      return false;
  }
}

PickleNode* PickleMachine::load(const char* data, size_t size, size_t& at) {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  Reader in{data, size, at, *this};
  while (true) {
    where_ = in.at;
    const uint8_t op = in.number<uint8_t>();
    if (op == '.') break;
    if (!(step_literal(op, in) || step_text(op, in) || step_memo(op, in) || step_container(op) ||
          step_object(op, in)))
      fail(fmt::format("unknown opcode 0x{:02x}", op));
  }
  PickleNode* result = pop();
  at = in.at;
  return result;
}

}  // namespace vl::weights
