#include "vl/weights/pickle_globals.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace vl::weights {

namespace {

// clang-format off
constexpr std::string_view kModules[] = {
    "os", "posix", "nt", "subprocess", "sys", "importlib", "imp", "runpy", "shutil", "socket",
    "ctypes", "pickle", "_pickle", "cPickle", "marshal", "code", "codeop", "pty", "platform",
    "webbrowser", "asyncio", "signal", "tempfile", "io", "_io", "requests", "urllib", "http",
    "ftplib", "smtplib", "telnetlib", "commands", "popen2", "bdb", "pdb", "timeit", "cProfile",
    "profile", "trace", "operator", "_operator", "threading", "multiprocessing", "ssl", "pip",
    "zipimport", "httplib", "urllib2", "aiohttp", "paramiko", "pexpect", "ptyprocess", "dill",
    "cloudpickle", "pydoc", "doctest", "venv", "ensurepip", "idlelib", "distutils", "lib2to3",
    "cgitb", "atexit"};
// clang-format on

// Parts of libraries that model files do name, which load or compile code.
constexpr std::string_view kSubmodules[] = {"torch.hub",     "torch.utils.cpp_extension",
                                            "torch._dynamo", "torch._inductor",
                                            "numpy.testing", "numpy.f2py"};

constexpr std::array<std::string_view, 20> kHarmlessBuiltins = {
    "set",     "frozenset", "list",  "dict",      "tuple",    "int",     "float",
    "complex", "str",       "bytes", "bytearray", "bool",     "slice",   "range",
    "xrange",  "object",    "long",  "unicode",   "NoneType", "Ellipsis"};

template <class Set>
bool has(const Set& set, std::string_view name) {
  return std::find(std::begin(set), std::end(set), name) != std::end(set);
}

}  // namespace

bool is_dangerous_global(const std::string& module, const std::string& name) {
  const std::string_view root = std::string_view(module).substr(0, module.find('.'));
  if (has(kModules, root)) return true;
  for (const std::string_view part : kSubmodules)
    if (module == part || module.rfind(std::string(part) + ".", 0) == 0) return true;
  if (root == "builtins" || root == "__builtin__" || root == "__builtins__")
    return !has(kHarmlessBuiltins, name);
  if (module == "types")
    return name == "FunctionType" || name == "CodeType" || name == "LambdaType";
  if (module == "functools") return name == "partial" || name == "reduce";
  if (module == "copyreg" || module == "copy_reg") return false;  // how Python 2 makes objects
  // A dotted name reaches through attributes: "collections.OrderedDict.__init__.__globals__".
  return name.find("__") != std::string::npos && root != "__torch__";
}

}  // namespace vl::weights
