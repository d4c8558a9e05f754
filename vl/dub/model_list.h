#pragma once

#include <nlohmann/json.hpp>

#include "vl/dub/model_set.h"

namespace vl::dub {

/// The "models" array of `models list` (spec cli.md): imported models, then those of the pack in
/// force. Weights made by a fill have a path once they were made; until then path, bytes and sha256
/// are null.
nlohmann::ordered_json list_models(const ModelPlaces& places);

/// The "results" array of `models verify`: a name is that of an imported model or of a pack; no
/// names are all imported models.
/// @throws Error(kModelMissing) for a name that is neither
nlohmann::ordered_json verify_models(const ModelPlaces& places,
                                     const std::vector<std::string>& names);

}  // namespace vl::dub
