#include "apps/voxlip/front.h"

#include <cstdio>
#include <cstring>
#include <string>

#include "build_info.h"
#include "vl/core/console.h"
#include "vl/core/error.h"
#include "vl/core/events.h"
#include "vl/core/explain.h"
#include "vl/core/result.h"

namespace vl::app {

namespace {

constexpr const char* kHelp =
    "usage: voxlip [GLOBAL FLAGS] VERB [ARGUMENTS]\n"
    "\n"
    "  dub      video + target text -> dubbed video\n"
    "  convert  speech in another voice (RVC); a video keeps its pictures\n"
    "  clone    text in a cloned voice (VALL-E X)\n"
    "  voices   add, list and remove registered voices\n"
    "  models   list, inspect, import, verify and run model files\n"
    "  bench    run: times single stages\n"
    "\n"
    "voxlip VERB --help lists the flags of a verb; voxlip --explain CODE explains an error.\n";

int print_version(bool json) {
  const std::string git = VL_GIT;
  const bool dirty = !git.empty() && git.back() == '+';
  const std::string clean = dirty ? git.substr(0, git.size() - 1) : git;
  if (json)
    std::printf(
        "{\"schema\":\"voxlip.version/"
        "1\",\"version\":\"%s\",\"git\":\"%s\",\"dirty\":%s,\"libtorch\":\"%s\","
        "\"cuda\":null,\"archs\":[],\"ffmpeg\":%s}\n",
        VL_VERSION, clean.c_str(), dirty ? "true" : "false", VL_TORCH_VERSION, VL_FFMPEG_VERSION);
  else
    std::printf("voxlip %s (%s), libtorch %s, CPU\n", VL_VERSION, git.c_str(), VL_TORCH_VERSION);
  return 0;
}

/// --explain CODE, with --json or without.
int explain(const std::string& code, bool json) {
  try {
    const Explanation& entry = find_explanation(code);
    std::printf("%s\n",
                json ? json_line(explain_json(entry)).c_str() : explain_text(entry).c_str());
    return 0;
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", error_text(e).c_str());
    if (json) {
      const Outcome outcome{.version = VL_VERSION, .verb = "", .exit = e.exit(), .error = e};
      std::printf("%s\n", json_line(result_document(outcome, {})).c_str());
    }
    return e.exit();
  }
}

}  // namespace

std::optional<int> answer_without_models(int argc, char** argv) {
  bool version = false, json = false, help = false, other = false;
  std::string code;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--version" || a == "-V")
      version = true;
    else if (a == "--json")
      json = true;
    else if (a == "--help" || a == "-h")
      help = true;
    else if (a == "--explain" && i + 1 < argc)
      code = argv[++i];
    else if (a.rfind("--explain=", 0) == 0)
      code = a.substr(10);
    else
      other = true;
  }
  if (!code.empty() && !other) return explain(code, json);
  if (version && !other) return print_version(json);
  if (help && !other) return std::fputs(kHelp, stdout), 0;
  if (argc == 1) return std::fputs(kHelp, stderr), 2;
  return std::nullopt;
}

}  // namespace vl::app
