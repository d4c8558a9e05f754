#include "vl/core/explain.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/names.h"

namespace vl {

using nlohmann::ordered_json;

std::optional<int> Explanation::exit() const {
  if (code[0] != 'E') return std::nullopt;
  return std::stoi(code.substr(1)) / 100;
}

const std::vector<Explanation>& explanations() {
  static const std::vector<Explanation> all = [] {
    std::vector<Explanation> out = error_explanations();
    for (Explanation& w : warning_explanations()) out.push_back(std::move(w));
    return out;
  }();
  return all;
}

const Explanation& find_explanation(const std::string& code) {
  std::string wanted = code;
  for (char& c : wanted)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::vector<std::string> known;
  for (const Explanation& entry : explanations()) {
    if (entry.code == wanted) return entry;
    known.push_back(entry.code);
  }
  throw unknown_name("code", wanted, known, "codes run from E0101 to E1502 and W0101 to W0119");
}

std::string explain_text(const Explanation& entry) {
  std::string out = fmt::format("{}: {}\n\n{}\n\nExample: {}\n", entry.code, entry.title,
                                entry.cause, entry.example);
  if (entry.exit()) out += fmt::format("Exit code: {}\n", *entry.exit());
  out += "\nWhat to do:";
  for (const std::string& remedy : entry.remedies) out += "\n- " + remedy;
  return out;
}

ordered_json explain_json(const Explanation& entry) {
  const auto exit = entry.exit();
  return {{"schema", "voxlip.explain/1"},
          {"code", entry.code},
          {"exit", exit ? ordered_json(*exit) : ordered_json(nullptr)},
          {"title", entry.title},
          {"text", explain_text(entry)}};
}

}  // namespace vl
