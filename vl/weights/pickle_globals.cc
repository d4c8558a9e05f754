#include "vl/weights/pickle_globals.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vl::weights {

namespace {

constexpr std::array<std::string_view, 46> kModules = {"os",
                                                       "posix",
                                                       "nt",
                                                       "subprocess",
                                                       "sys",
                                                       "importlib",
                                                       "imp",
                                                       "runpy",
                                                       "shutil",
                                                       "socket",
                                                       "ctypes",
                                                       "pickle",
                                                       "_pickle",
                                                       "cPickle",
                                                       "marshal",
                                                       "code",
                                                       "codeop",
                                                       "pty",
                                                       "platform",
                                                       "webbrowser",
                                                       "asyncio",
                                                       "signal",
                                                       "tempfile",
                                                       "io",
                                                       "_io",
                                                       "requests",
                                                       "urllib",
                                                       "http",
                                                       "ftplib",
                                                       "smtplib",
                                                       "telnetlib",
                                                       "commands",
                                                       "popen2",
                                                       "bdb",
                                                       "pdb",
                                                       "timeit",
                                                       "cProfile",
                                                       "profile",
                                                       "trace",
                                                       "operator",
                                                       "_operator",
                                                       "threading",
                                                       "multiprocessing",
                                                       "ssl",
                                                       "pip",
                                                       "zipimport"};

constexpr std::array<std::string_view, 20> kHarmlessBuiltins = {
    "set",     "frozenset", "list",  "dict",      "tuple",    "int",     "float",
    "complex", "str",       "bytes", "bytearray", "bool",     "slice",   "range",
    "xrange",  "object",    "long",  "unicode",   "NoneType", "Ellipsis"};

template <class Set>
bool has(const Set& set, std::string_view name) {
  return std::find(set.begin(), set.end(), name) != set.end();
}

}  // namespace

bool is_dangerous_global(const std::string& module, const std::string& name) {
  const std::string_view root = std::string_view(module).substr(0, module.find('.'));
  if (has(kModules, root)) return true;
  if (root == "builtins" || root == "__builtin__" || root == "__builtins__")
    return !has(kHarmlessBuiltins, name);
  if (module == "types")
    return name == "FunctionType" || name == "CodeType" || name == "LambdaType";
  if (module == "functools") return name == "partial" || name == "reduce";
  // A dotted name reaches through attributes: "collections.OrderedDict.__init__.__globals__".
  return name.find("__") != std::string::npos && root != "__torch__";
}

}  // namespace vl::weights
