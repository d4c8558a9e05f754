#include "vl/models/vocos/yaml.h"

#include <sstream>
#include <vector>

namespace vl::models::vocos {

using nlohmann::json;

namespace {

json scalar(const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_discarded()) return parsed;
  if (text == "True" || text == "yes") return true;
  if (text == "False" || text == "no") return false;
  return text;
}

std::string trimmed(const std::string& s) {
  const size_t a = s.find_first_not_of(" \t\r"), b = s.find_last_not_of(" \t\r");
  return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}

}  // namespace

json parse_simple_yaml(const std::string& text) {
  json root = json::object();
  struct Open {
    size_t indent;
    json* map;
  };
  std::vector<Open> open = {{0, &root}};
  std::istringstream in(text);
  std::string line;
  json* last = nullptr;
  while (std::getline(in, line)) {
    line = line.substr(0, line.find(" #"));
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || trimmed(line).empty() || line[indent] == '#') continue;
    const size_t colon = line.find(':', indent);
    if (colon == std::string::npos) return nullptr;
    while (open.size() > 1 && indent < open.back().indent) open.pop_back();
    if (indent > open.back().indent) {
      if (last == nullptr) return nullptr;
      *last = json::object();
      open.push_back({indent, last});
    }
    json& slot = (*open.back().map)[trimmed(line.substr(indent, colon - indent))];
    const std::string value = trimmed(line.substr(colon + 1));
    slot = value.empty() ? json() : scalar(value);
    last = value.empty() ? &slot : nullptr;
  }
  return root;
}

}  // namespace vl::models::vocos
