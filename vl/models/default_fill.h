#pragma once

#include <string>

#include "vl/models/registry.h"

namespace vl::models {

/// The default configuration of a class with the fields of `config` (or null) in place.
nlohmann::json full_config(const std::string& role, const std::string& arch,
                           const nlohmann::json& config);

/// Deterministic weights of a class without a parameter list (spec packs.md section 5): every
/// parameter, and every buffer that training fills, by the default rule from key and shape; buffers
/// that a formula gives keep their values; the tied tables of VALL-E X are their heads.
/// @param config fields that differ from the default configuration, or null
/// @param half round to float16 and widen again
/// @return what build() takes
ModelFile default_fill(const std::string& role, const std::string& arch,
                       const nlohmann::json& config, uint64_t seed, bool half = false);

}  // namespace vl::models
