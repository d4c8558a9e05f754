#include "vl/core/fields.h"

#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"

namespace vl {

using nlohmann::json;

Field& Fields::add(std::string name, FieldPtr value, std::string help) {
  fields_.push_back(Field{.name = std::move(name), .value = value, .help = std::move(help)});
  return fields_.back();
}

Field* Fields::find(const std::string& name) {
  for (Field& f : fields_)
    if (f.name == name) return &f;
  return nullptr;
}

Fields Fields::without(const std::string& name) const {
  Fields out = *this;
  std::erase_if(out.fields_, [&](const Field& f) { return f.name == name; });
  return out;
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = 3;
  for (const std::string& k : known) {
    std::vector<size_t> row(k.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 1; i <= name.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= k.size(); ++j) {
        const size_t up = row[j];
        row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (name[i - 1] != k[j - 1])});
        diagonal = up;
      }
    }
    if (row.back() < best_distance) best = k, best_distance = row.back();
  }
  return best;
}

json fields_to_json(const Fields& fields) {
  json out = json::object();
  for (const Field& f : fields.all()) std::visit([&](auto* p) { out[f.name] = *p; }, f.value);
  return out;
}

void check_field(const Field& f, int code_number) {
  const Code code = static_cast<Code>(code_number);
  const auto number = [&](double v) {
    if (!(v >= f.min && v <= f.max))
      fail(code, "{} is {}, outside {}..{}", f.name, v, f.min, f.max);
  };
  const auto text = [&](const std::string& v) {
    if (f.choices.empty() || std::find(f.choices.begin(), f.choices.end(), v) != f.choices.end())
      return;
    const std::string near = nearest_name(v, f.choices);
    fail(code, "{} cannot be \"{}\"; it is one of {}{}", f.name, v,
         fmt::format("{}", fmt::join(f.choices, " ")),
         near.empty() ? "" : "; did you mean \"" + near + "\"?");
  };
  if (auto* p = std::get_if<int64_t*>(&f.value)) number(static_cast<double>(**p));
  if (auto* p = std::get_if<double*>(&f.value)) number(**p);
  if (auto* p = std::get_if<std::string*>(&f.value)) text(**p);
  if (auto* p = std::get_if<std::vector<std::string>*>(&f.value))
    for (const std::string& v : **p) text(v);
  if (auto* p = std::get_if<std::vector<int64_t>*>(&f.value))
    for (int64_t v : **p) number(static_cast<double>(v));
  if (auto* p = std::get_if<std::vector<double>*>(&f.value))
    for (double v : **p) number(v);
}

namespace {

void assign(bool* p, const json& v) { *p = v.get_ref<const json::boolean_t&>(); }
void assign(int64_t* p, const json& v) {
  if (!v.is_number_integer()) throw json::type_error::create(302, "integer wanted", &v);
  *p = v.get<int64_t>();
}
void assign(double* p, const json& v) {
  if (!v.is_number()) throw json::type_error::create(302, "number wanted", &v);
  *p = v.get<double>();
}
void assign(std::string* p, const json& v) { *p = v.get_ref<const json::string_t&>(); }
template <class T>
void assign(std::vector<T>* p, const json& v) {
  if (!v.is_array()) throw json::type_error::create(302, "list wanted", &v);
  std::vector<T> out(v.size());
  for (size_t i = 0; i < v.size(); ++i) assign(&out[i], v[i]);
  *p = std::move(out);
}

}  // namespace

void fields_from_json(Fields& fields, const json& object, int code_number) {
  const Code code = static_cast<Code>(code_number);
  if (!object.is_object()) fail(code, "a table of keys is wanted, not {}", object.type_name());
  for (const auto& [key, value] : object.items()) {
    Field* f = fields.find(key);
    if (f == nullptr) {
      std::vector<std::string> names;
      for (const Field& known : fields.all()) names.push_back(known.name);
      const std::string near = nearest_name(key, names);
      fail(code, "unknown key \"{}\"{}", key,
           near.empty() ? "" : "; did you mean \"" + near + "\"?");
    }
    try {
      std::visit([&value = value](auto* p) { assign(p, value); }, f->value);
    } catch (const json::exception&) {
      fail(code, "key \"{}\" has the wrong type: {}", key, value.dump());
    }
    check_field(*f, code_number);
  }
}

}  // namespace vl
