#pragma once

#include <string>
#include <vector>

#include "vl/core/error.h"

namespace vl {

/// `; did you mean "NEAR"?` for the nearest known name within edit distance 2, else empty.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

/// Error(kUnknownName) `unknown verb "dubb"; did you mean "dub"?`.
/// @param kind what the name should have been: "verb", "flag", "role"
Error unknown_name(const std::string& kind, const std::string& name,
                   const std::vector<std::string>& known, const std::string& hint = {});

}  // namespace vl
