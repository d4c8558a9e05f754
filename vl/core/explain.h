#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace vl {

/// One entry of the catalogue of errors (E0101..) and warnings (W0101..).
struct Explanation {
  std::string code, title, cause;
  std::string example;  ///< a command or message in which it comes up
  std::vector<std::string> remedies;

  /// The exit code of an error; none for a warning.
  std::optional<int> exit() const;
};

/// Every code of the command line contract, in order.
const std::vector<Explanation>& explanations();

/// @param code in any case. @throws Error(kUnknownName) with the nearest code
const Explanation& find_explanation(const std::string& code);

/// Title, cause, example, remedies: several lines, without a newline at the end.
std::string explain_text(const Explanation& entry);
/// {"schema":"voxlip.explain/1","code","exit","title","text"}; exit is null for a warning.
nlohmann::ordered_json explain_json(const Explanation& entry);

// The two halves of the catalogue.
std::vector<Explanation> error_explanations();
std::vector<Explanation> warning_explanations();

}  // namespace vl
