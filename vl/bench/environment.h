#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace vl::bench {

/// What the program knows about its own build.
struct BuildFacts {
  std::string version, git, libtorch;  ///< git ends in "+" when the tree was dirty
};

/// The record behind env_hash (spec bench.md section 11): `must` are facts that have to agree
/// before two runs may be compared, `warn` those that should. A fact that was not found is null.
/// Hashes of models and inputs are not in here but in config_hash, so that all rows of a machine
/// and build share one env_hash.
nlohmann::json environment(const BuildFacts& build);

/// 16 hexadecimal digits over the `must` part.
std::string environment_hash(const nlohmann::json& environment);

}  // namespace vl::bench
