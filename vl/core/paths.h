#pragma once

#include <filesystem>

namespace vl {

/// XDG folders with their fallbacks below HOME, ending in "voxlip".
std::filesystem::path data_dir();
std::filesystem::path cache_dir();
std::filesystem::path config_dir();

/// Files that ship with the program (CMUdict, YuNet, ...): VOXLIP_ASSETS, else
/// ../share/voxlip/assets beside the program, else the source tree's assets that set_fallbacks()
/// named.
std::filesystem::path asset_dir();
/// The built-in packs, found in the same way (VOXLIP_PACKS).
std::filesystem::path pack_dir();
void set_fallbacks(const std::filesystem::path& assets, const std::filesystem::path& packs);

}  // namespace vl
