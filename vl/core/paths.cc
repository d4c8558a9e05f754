#include "vl/core/paths.h"

#include <cstdlib>

namespace vl {

namespace fs = std::filesystem;

namespace {

fs::path xdg(const char* variable, const char* below_home) {
  if (const char* v = std::getenv(variable); v != nullptr && *v != '\0')
    return fs::path(v) / "voxlip";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/tmp") / below_home / "voxlip";
}

fs::path& fallback(bool packs) {
  static fs::path paths[2];
  return paths[packs ? 1 : 0];
}

fs::path shipped(const char* variable, const char* name, bool packs) {
  if (const char* v = std::getenv(variable); v != nullptr && *v != '\0') return v;
  std::error_code error;
  const fs::path installed =
      fs::read_symlink("/proc/self/exe", error).parent_path().parent_path() / "share/voxlip" / name;
  return !error && fs::is_directory(installed) ? installed : fallback(packs);
}

}  // namespace

fs::path data_dir() { return xdg("XDG_DATA_HOME", ".local/share"); }
fs::path cache_dir() { return xdg("XDG_CACHE_HOME", ".cache"); }
fs::path config_dir() { return xdg("XDG_CONFIG_HOME", ".config"); }
fs::path asset_dir() { return shipped("VOXLIP_ASSETS", "assets", false); }
fs::path pack_dir() { return shipped("VOXLIP_PACKS", "packs", true); }

void set_fallbacks(const fs::path& assets, const fs::path& packs) {
  fallback(false) = assets;
  fallback(true) = packs;
}

}  // namespace vl
