#include "vl/core/toml.h"

#include <sstream>
#include <stdexcept>

#include "vl/core/config.h"
#include "vl/core/error.h"
#include "vl/core/file.h"

#ifdef VL_HAVE_TOML
namespace vl {
/// toml++ 3.3 checks some malformed input by assertion only; here that is an error like any other.
constexpr void require_toml(bool ok) {
  if (!ok) throw std::runtime_error("malformed value");
}
}  // namespace vl
#define TOML_ASSERT(expr) ::vl::require_toml(static_cast<bool>(expr))
#include <toml++/toml.h>
#endif

namespace vl {

using nlohmann::json;

#ifdef VL_HAVE_TOML

namespace {

json convert(const toml::node& node, const std::string& prefix,
             std::map<std::string, long>* lines) {
  if (const auto* table = node.as_table()) {
    json out = json::object();
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (lines != nullptr) (*lines)[prefix + name] = static_cast<long>(value.source().begin.line);
      out[name] = convert(value, prefix + name + ".", lines);
    }
    return out;
  }
  if (const auto* array = node.as_array()) {
    json out = json::array();
    for (const auto& value : *array) out.push_back(convert(value, prefix, nullptr));
    return out;
  }
  if (const auto v = node.value_exact<bool>()) return *v;
  if (const auto v = node.value_exact<int64_t>()) return *v;
  if (const auto v = node.value_exact<double>()) return *v;
  if (const auto v = node.value_exact<std::string>()) return *v;
  std::ostringstream text;  // dates and times
  node.visit([&](const auto& v) {
    if constexpr (requires { text << v.get(); }) text << v.get();
  });
  return text.str();
}

}  // namespace

json parse_toml(const std::string& text, const std::string& file, int code,
                std::map<std::string, long>* lines) {
  try {
    return convert(toml::parse(text, file), "", lines);
  } catch (const toml::parse_error& e) {
    throw Error(static_cast<Code>(code), std::string(e.description()),
                Where{.file = file, .line = static_cast<long>(e.source().begin.line)});
  } catch (const std::runtime_error& e) {
    throw Error(static_cast<Code>(code), file + ": " + e.what(), Where{.file = file});
  }
}

#else

json parse_toml(const std::string&, const std::string& file, int, std::map<std::string, long>*) {
  throw Error(Code::kUnsupportedVariant, file + ": this build reads JSON in place of TOML",
              Where{.file = file}, {"write the same keys as JSON, or build with toml++"});
}

#endif

constexpr uint64_t kMostBytes = 16 << 20;

json read_config(const std::string& path, std::map<std::string, long>& lines) {
  const std::string text = read_file(path, kMostBytes);
  const bool is_json = path.size() > 5 && path.compare(path.size() - 5, 5, ".json") == 0;
  if (!is_json) return parse_toml(text, path, static_cast<int>(Code::kConfig), &lines);
  const json out = json::parse(text, nullptr, false);
  if (!out.is_object())
    throw Error(Code::kConfig, path + " is no JSON object", Where{.file = path});
  return out;
}

}  // namespace vl
