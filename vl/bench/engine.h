#pragma once

#include <string>
#include <vector>

namespace vl::bench {

/// Values of the axis `engine` that this build has.
const std::vector<std::string>& engines();

/// Makes the models compute with this engine from the next query on.
/// @throws Error(kBadValue) for a name that engines() lacks
void set_engine(const std::string& name);

}  // namespace vl::bench
