#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace vl::weights {

/// Reads FOLDER/STEM.toml, or FOLDER/STEM.json where that is absent, and sets `file` to the one
/// that was read. Where neither is there, `file` is empty.
/// @return discarded JSON for text that is no JSON
/// @throws Error(kConfig) with the line for malformed TOML, Error(kOverLimit) above 4 MiB
nlohmann::json read_document(const std::filesystem::path& folder, const std::string& stem,
                             std::filesystem::path& file);

/// Writes FOLDER/STEM.toml (STEM.json in a build without TOML), replacing an older one. Keys keep
/// their order; arrays of tables become [[name]].
/// @throws Error(kNotWritable, kDiskFull)
void write_document(const std::filesystem::path& folder, const std::string& stem,
                    const nlohmann::ordered_json& document);

}  // namespace vl::weights
