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

/// Size `dim` of the tensor `key`, which must have `rank` dimensions, none of them 0: what
/// importers read a configuration from. @throws Error(kBadWeights)
int64_t size_of(const weights::StateDict& state, const std::string& key, int64_t rank, int64_t dim);

}  // namespace vl::models
