#include "vl/weights/value.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"

namespace vl::weights {

using nlohmann::json;

const List* Value::list() const {
  const auto* p = std::get_if<std::shared_ptr<List>>(&data);
  return p != nullptr ? p->get() : nullptr;
}

const Dict* Value::dict() const {
  const auto* p = std::get_if<std::shared_ptr<Dict>>(&data);
  return p != nullptr ? p->get() : nullptr;
}

const Value* Value::find(const std::string& key) const {
  if (const Dict* d = dict())
    for (const auto& [k, v] : *d)
      if (const std::string* name = k.text(); name != nullptr && *name == key) return &v;
  return nullptr;
}

int64_t Value::integer(int64_t otherwise) const {
  if (const auto* b = std::get_if<bool>(&data)) return *b ? 1 : 0;
  if (const auto* i = std::get_if<int64_t>(&data)) return *i;
  if (const auto* d = std::get_if<double>(&data))
    if (*d == std::floor(*d) && std::fabs(*d) < 9e15) return static_cast<int64_t>(*d);
  return otherwise;
}

StateDict Value::tensors() const {
  StateDict out;
  if (const Dict* d = dict())
    for (const auto& [k, v] : *d)
      if (k.text() != nullptr && v.tensor() != nullptr) out.set(*k.text(), *v.tensor());
  return out;
}

namespace {

// A shared list may stand in many places, so the JSON could be far larger than the value.
constexpr int64_t kMaxJsonNodes = 4'000'000;
constexpr int kMaxJsonDepth = 100;

json convert(const Value& v, int depth, int64_t& room) {
  if (depth > kMaxJsonDepth) return nullptr;
  if (const auto* b = std::get_if<bool>(&v.data)) return *b;
  if (const auto* i = std::get_if<int64_t>(&v.data)) return *i;
  if (const auto* d = std::get_if<double>(&v.data)) return *d;
  if (const auto* s = v.text()) {
    room -= static_cast<int64_t>(s->size() / 16);
    return room >= 0 ? json(*s) : json();
  }
  if (const List* items = v.list()) {
    json out = json::array();
    for (const Value& item : *items)
      if (--room >= 0) out.push_back(convert(item, depth + 1, room));
    return out;
  }
  if (const Dict* items = v.dict()) {
    json out = json::object();
    for (const auto& [key, value] : *items)
      if (--room >= 0)
        out[key.text() != nullptr ? *key.text() : std::to_string(key.integer(0))] =
            convert(value, depth + 1, room);
    return out;
  }
  return nullptr;
}

}  // namespace

json Value::to_json() const {
  int64_t room = kMaxJsonNodes;
  json out = convert(*this, 0, room);
  if (room < 0)
    fail(Code::kBadWeights, "the data of the checkpoint is too large to be read as configuration");
  return out;
}

}  // namespace vl::weights
