#include "vl/weights/document.h"

#include <fmt/ranges.h>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/toml.h"

namespace vl::weights {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using nlohmann::json;

namespace {

constexpr uint64_t kMostBytes = 4U << 20;

/// TOML strings are JSON strings but for DEL.
std::string toml_string(const std::string& text) {
  std::string out;
  for (const char c : Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
    out += c == 0x7F ? std::string("\\u007F") : std::string(1, c);
  return out;
}

std::string toml_value(const Json& value) {
  if (value.is_string()) return toml_string(value.get<std::string>());
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const Json& item : value) items.push_back(toml_value(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (!value.is_object()) return value.dump();
  std::vector<std::string> items;
  for (const auto& [key, item] : value.items())
    if (!item.is_null()) items.push_back(toml_string(key) + " = " + toml_value(item));
  return fmt::format("{{ {} }}", fmt::join(items, ", "));
}

bool is_tables(const Json& value) {
  return value.is_array() && !value.empty() && value[0].is_object();
}

/// Keys of the top level, then arrays of tables as [[name]].
std::string toml_text(const Json& document) {
  std::string out;
  for (const auto& [key, value] : document.items())
    if (!is_tables(value)) out += fmt::format("{} = {}\n", key, toml_value(value));
  for (const auto& [key, value] : document.items()) {
    if (!is_tables(value)) continue;
    for (const Json& table : value) out += fmt::format("\n[[{}]]\n{}", key, toml_text(table));
  }
  return out;
}

}  // namespace

void write_document(const fs::path& folder, const std::string& stem, const Json& document) {
#ifdef VL_HAVE_TOML
  write_file_atomic((folder / (stem + ".toml")).string(), toml_text(document));
#else
  write_file_atomic((folder / (stem + ".json")).string(), document.dump(1) + "\n");
#endif
}

json read_document(const fs::path& folder, const std::string& stem, fs::path& file) {
  std::error_code ignored;
  for (const char* ending : {".toml", ".json"}) {
    file = folder / (stem + ending);
    if (!fs::is_regular_file(file, ignored)) continue;
    const std::string text = read_file(file.string(), kMostBytes);
    return file.extension() == ".toml"
               ? parse_toml(text, file.string(), static_cast<int>(Code::kConfig), nullptr)
               : json::parse(text, nullptr, /*allow_exceptions=*/false);
  }
  file.clear();
  return {};
}

}  // namespace vl::weights
