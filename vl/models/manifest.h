#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/weights/checkpoint.h"

namespace vl::models {

/// The `config` of the part of a family manifest ({"parts": [{"params", "config"}, ...]}, given as
/// the checkpoint's config file) whose `params` is the file name of the checkpoint. Null when the
/// config file is absent, no manifest, or has no such part.
nlohmann::json manifest_part(const weights::Checkpoint& checkpoint);

/// The tensors of the first of these entries of the root that has any ("" is the root itself), or
/// none.
weights::StateDict find_tensors(const weights::Checkpoint& checkpoint,
                                const std::vector<std::string>& entries);

}  // namespace vl::models
