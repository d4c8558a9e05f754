#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace vl {

/// A pointer to one member of a config struct.
using FieldPtr = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                              std::vector<double>*, std::vector<std::string>*,
                              std::vector<std::vector<int64_t>>*>;

/// One member of a config struct: the single source of its CLI flag, TOML and JSON key and
/// environment name.
struct Field {
  std::string name;  ///< key with underscores; the flag is the same with hyphens
  FieldPtr value;
  std::string help = {};
  double min = -1e300,
         max = 1e300;  ///< numbers (and every element of number lists) outside are an error
  std::vector<std::string> choices = {};  ///< allowed texts; empty: any
  std::vector<std::string> aliases =
      {};  ///< further flag names, without the leading hyphens ("i", "face")
  std::vector<std::string> inverse_aliases = {};  ///< flags whose value X means 1 / X
  bool secret = false;                            ///< printed as "***"
  bool text = false;  ///< TEXT value: @FILE, - (standard input) and @@ are understood, UTF-8 only
  bool verbatim = false;  ///< a list whose elements may hold commas
  std::string bare = {};  ///< what the flag without a value means; empty: it needs one

  Field& range(double lo, double hi) { return min = lo, max = hi, *this; }
  Field& one_of(std::vector<std::string> values) { return choices = std::move(values), *this; }
  Field& is_text() { return text = true, *this; }
  Field& literal() { return verbatim = true, *this; }
  Field& alone(std::string value) { return bare = std::move(value), *this; }
  Field& alias(std::vector<std::string> names) { return aliases = std::move(names), *this; }
  Field& inverse_alias(std::vector<std::string> names) {
    return inverse_aliases = std::move(names), *this;
  }
};

/// The members of a config struct, in order. Each struct has a free function `void
/// describe(Struct&, Fields&)`.
class Fields {
 public:
  Field& add(std::string name, FieldPtr value, std::string help = {});
  const std::vector<Field>& all() const { return fields_; }
  Field* find(const std::string& name);
  Fields without(const std::string& name) const;

 private:
  std::vector<Field> fields_;
};

/// The values as a JSON object, one key a field.
nlohmann::json fields_to_json(const Fields& fields);
/// Sets the fields that the object names. Unknown keys (with the nearest known name), wrong types
/// and values out of range are Error(code) whose message names the key; absent keys keep their
/// value.
void fields_from_json(Fields& fields, const nlohmann::json& object, int code);

template <class Config>
nlohmann::json config_to_json(const Config& config);
template <class Config>
Config config_from_json(const nlohmann::json& object, int code);

/// Throws Error(code) naming the field when its value is outside its range or choices.
void check_field(const Field& field, int code);

/// The nearest of `known` within edit distance 2 of `name`, or empty.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

template <class Config>
nlohmann::json config_to_json(const Config& config) {
  Config copy = config;
  Fields fields;
  describe(copy, fields);
  return fields_to_json(fields);
}

template <class Config>
Config config_from_json(const nlohmann::json& object, int code) {
  Config config;
  Fields fields;
  describe(config, fields);
  fields_from_json(fields, object, code);
  return config;
}

}  // namespace vl
