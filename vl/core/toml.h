#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace vl {

/// Parses TOML text into JSON; `lines` (when not null) gets "key" or "table.key" -> line. The only
/// file that sees toml++.
/// @throws Error(code) with file and line; Error(kUnsupportedVariant) in a build without toml++
nlohmann::json parse_toml(const std::string& text, const std::string& file, int code,
                          std::map<std::string, long>* lines);

}  // namespace vl
