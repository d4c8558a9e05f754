#pragma once

#include <string>

namespace vl::weights {

/// True for a global that no model file has a reason to name and that could do harm if anything
/// executed it (os.system, builtins.eval, ...). Nothing here executes anything; such a file is
/// refused all the same.
bool is_dangerous_global(const std::string& module, const std::string& name);

}  // namespace vl::weights
