#include "vl/bench/engine.h"

#include <algorithm>

#include "vl/core/error.h"

namespace vl::bench {

const std::vector<std::string>& engines() {
  static const std::vector<std::string> names = {"fused"};
  return names;
}

void set_engine(const std::string& name) {
  const auto& known = engines();
  if (std::find(known.begin(), known.end(), name) == known.end())
    fail(Code::kBadValue, "engine cannot be \"{}\"; this build has {}", name,
         fmt::join(known, " "));
}

}  // namespace vl::bench
