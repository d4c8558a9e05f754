#pragma once

#include <string>

namespace vl {

/// `voxlip` below XDG_DATA_HOME (or ~/.local/share), XDG_CACHE_HOME (~/.cache), XDG_CONFIG_HOME
/// (~/.config). Nothing is created. XDG variables that are not absolute are ignored, as the XDG
/// specification says.
std::string data_dir();
std::string cache_dir();
std::string config_dir();

/// The folder of the files that ship with the program: VOXLIP_ASSETS, else ../share/voxlip/assets
/// beside the executable, else the fallback.
/// @throws Error(kNotFound) naming the places when none of them is a folder
std::string asset_dir();
/// The folder of the source tree that the build knows, for programs that were not installed.
void set_asset_fallback(const std::string& folder);

/// The path of the running program. Empty when the system does not tell.
std::string executable_path();

}  // namespace vl
