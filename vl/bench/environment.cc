#include "vl/bench/environment.h"

#include <sys/utsname.h>

#include "vl/bench/host.h"
#include "vl/core/canonical.h"

namespace vl::bench {

using nlohmann::json;

namespace {

json or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

}  // namespace

json environment(const BuildFacts& build) {
  utsname system{};
  const bool known = uname(&system) == 0;
  return {{"must",
           {{"gpus", json::array()},
            {"driver_major", nullptr},
            {"cuda", nullptr},
            {"cudnn", nullptr},
            {"libtorch", or_null(build.libtorch)},
            {"git", or_null(build.git)}}},
          {"warn",
           {{"cpu", or_null(cpu_name())}, {"kernel", known ? or_null(system.release) : json()}}},
          {"info", {{"version", build.version}, {"compiler", __VERSION__}}}};
}

std::string environment_hash(const json& environment) {
  return canonical_hash(environment.at("must"));
}

}  // namespace vl::bench
