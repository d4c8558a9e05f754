#include "vl/core/names.h"

#include "vl/core/fields.h"

namespace vl {

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
}

Error unknown_name(const std::string& kind, const std::string& name,
                   const std::vector<std::string>& known, const std::string& hint) {
  std::vector<std::string> hints;
  if (!hint.empty()) hints.push_back(hint);
  return Error(Code::kUnknownName,
               fmt::format("unknown {} \"{}\"{}", kind, name, did_you_mean(name, known)), {},
               std::move(hints));
}

}  // namespace vl
