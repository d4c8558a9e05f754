#pragma once

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/models/registry.h"

namespace vl::models {

/// The registry line of an architecture: module M, constructed from its config struct Config.
template <class M, class Config>
ModelClass model_class(const char* role, const char* arch,
                       bool (*recognise)(const weights::Checkpoint&),
                       ModelFile (*import)(const weights::Checkpoint&)) {
  return {role,
          arch,
          recognise,
          import,
          [](const nlohmann::json& config) -> std::shared_ptr<torch::nn::Module> {
            return std::make_shared<M>(
                config_from_json<Config>(config, static_cast<int>(Code::kBadWeights)));
          },
          [] { return config_to_json(Config{}); }};
}

}  // namespace vl::models
