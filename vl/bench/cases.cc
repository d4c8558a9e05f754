#include "vl/bench/cases.h"

#include "vl/core/error.h"
#include "vl/core/fields.h"

namespace vl::bench {

const std::vector<StageCase>& stage_cases() {
  static const std::vector<StageCase> all = [] {
    std::vector<StageCase> out = rvc_cases();
    for (const auto& family : {vallex_cases(), speech_cases(), picture_cases(), video_cases()})
      out.insert(out.end(), family.begin(), family.end());
    return out;
  }();
  return all;
}

const StageCase& find_case(const std::string& name) {
  std::vector<std::string> names;
  for (const StageCase& c : stage_cases()) {
    if (c.name == name) return c;
    names.push_back(c.name);
  }
  const std::string near = nearest_name(name, names);
  fail(Code::kBadValue, "stage cannot be \"{}\"; it is one of {}{}", name, fmt::join(names, " "),
       near.empty() ? "" : "; did you mean \"" + near + "\"?");
}

}  // namespace vl::bench
