#include "vl/weights/pickle_machine.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "vl/core/error.h"
#include "vl/weights/pickle_text.h"

namespace vl::weights {

namespace {

using Kind = PickleNode::Kind;

// A public training checkpoint needs a few MiB.
constexpr uint64_t kBaseMemory = uint64_t{128} << 20;
constexpr uint64_t kMemoryPerByte = 16, kMostMemory = uint64_t{1} << 30;
constexpr size_t kMemoEntryBytes = 48;

}  // namespace

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

void PickleMachine::fail(const std::string& what) const {
  throw Error(Code::kNotACheckpoint,
              fmt::format("{} is damaged: {} at byte {} of its pickle", name_, what, where_),
              Where{.file = name_, .detail = fmt::format("byte {}", where_)});
}

void PickleMachine::charge(uint64_t bytes) {
  if (bytes > budget_ - spent_) fail("more data than the file can hold");
  spent_ += bytes;
}

PickleNode* PickleMachine::make(Kind kind) {
  charge(sizeof(PickleNode));
  arena_.emplace_back();
  arena_.back().kind = kind;
  return &arena_.back();
}

PickleNode* PickleMachine::text_node(Kind kind, std::string text) {
  PickleNode* node = make(kind);
  charge(text.size());
  node->text = std::move(text);
  return node;
}

PickleNode* PickleMachine::constant(Kind kind, bool truth) {
  PickleNode*& node = constants_[kind == Kind::kNone ? 2 : truth ? 1 : 0];
  if (node == nullptr) {
    node = make(kind);
    node->truth = truth;
  }
  return node;
}

PickleNode* PickleMachine::int_node(int64_t value) {
  const bool small = value >= 0 && value < static_cast<int64_t>(small_ints_.size());
  if (small && small_ints_[static_cast<size_t>(value)] != nullptr)
    return small_ints_[static_cast<size_t>(value)];
  PickleNode* node = make(Kind::kInt);
  node->integer = value;
  if (small) small_ints_[static_cast<size_t>(value)] = node;
  return node;
}

PickleNode* PickleMachine::big_node(const char* bytes, size_t n) {
  if (n > 8) return text_node(Kind::kBigInt, std::string(bytes, n));
  uint64_t value = n > 0 && (bytes[n - 1] & 0x80) != 0 ? ~uint64_t{0} : 0;
  std::memcpy(&value, bytes, n);
  return int_node(static_cast<int64_t>(value));
}

PickleNode* PickleMachine::decimal_node(const std::string& line) {
  if (line == "00" || line == "01") return constant(Kind::kBool, line == "01");
  char* end = nullptr;
  const long long value = std::strtoll(line.c_str(), &end, 10);
  if (end == line.c_str()) fail("a number is wanted");
  return int_node(value);
}

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

PickleMachine::Nodes PickleMachine::pop_to_mark() {
  if (marks_.empty()) fail("no mark");
  Nodes out(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return out;
}

void PickleMachine::set_pairs(PickleNode* dict, const Nodes& flat) {
  if (flat.size() % 2 != 0) fail("a key without a value");
  if (dict->kind == Kind::kOpaque) return;
  if (dict->kind != Kind::kDict) fail("items set on something that is no dictionary");
  for (size_t i = 0; i < flat.size(); i += 2) dict->pairs.emplace_back(flat[i], flat[i + 1]);
}

bool PickleMachine::step_literal(uint8_t op, Reader& in) {
  switch (op) {
    case 'N':
      return push(constant(Kind::kNone)), true;
    case 0x88:
    case 0x89:
      return push(constant(Kind::kBool, op == 0x88)), true;
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
      return push(text_node(Kind::kText, in.text(in.number<uint8_t>()))), true;
    case 'T':
    case 'B':
    case 'X':
      return push(text_node(Kind::kText, in.text(in.number<uint32_t>()))), true;
    case 0x8d:
    case 0x8e:
    case 0x96:
      return push(text_node(Kind::kText, in.text(in.number<uint64_t>()))), true;
    case 'S':
      return push(text_node(Kind::kText, unquote_literal(in.line()))), true;
    case 'V':
      return push(text_node(Kind::kText, decode_unicode_line(in.line()))), true;
    default:
      return false;
  }
}

bool PickleMachine::step_container(uint8_t op) {
  const auto list_of = [&](Nodes items) {
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
      Nodes items(op == 0x86 ? 2 : 3);
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
      const Nodes items = op == 'a' ? Nodes{pop()} : pop_to_mark();
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
      Nodes items;
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
  const auto put = [&](uint64_t key) {
    const auto [it, fresh] = memo_.insert_or_assign(key, top());
    if (fresh) charge(kMemoEntryBytes);
    return true;
  };
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
  const uint64_t scaled = kMemoryPerByte * std::min<uint64_t>(size, kMostMemory);
  budget_ = std::max(budget_, std::min(kMostMemory, kBaseMemory + scaled));
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
