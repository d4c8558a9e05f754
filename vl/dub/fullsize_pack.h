#pragma once

#include <filesystem>

#include "vl/weights/packs.h"

namespace vl::dub {

inline constexpr const char* kFullsize = "fullsize";

/// Deterministic weights of a class by the default rule (no parameter list), seed 1.
/// @param config fields that differ from the public size, or null
weights::PackFill fullsize_fill(nlohmann::json config = nullptr);

/// The built-in pack for measurements (spec packs.md section 6): every model at its public size,
/// random weights, a voice "fullsize" with RVC v2 48 kHz; YuNet is the real one of the assets. It
/// is compiled in: no folder, no pack.toml.
weights::Pack fullsize_pack(const std::filesystem::path& assets);

}  // namespace vl::dub
