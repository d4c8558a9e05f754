#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace vl {

/// One text for every way to write the same JSON value: keys sorted, no spaces, numbers in their
/// shortest form that reads back equal; whole numbers without a point (5.0 is 5).
std::string canonical_json(const nlohmann::json& value);

/// The first 16 hexadecimal digits of the SHA-256 of canonical_json(): config_hash and env_hash of
/// spec bench.md.
std::string canonical_hash(const nlohmann::json& value);

}  // namespace vl
