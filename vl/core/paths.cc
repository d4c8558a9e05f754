#include "vl/core/paths.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include <pwd.h>
#include <unistd.h>

#include "vl/core/error.h"

namespace vl {

namespace fs = std::filesystem;

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path home() {
  const std::string value = variable("HOME");
  if (!value.empty()) return value;
  passwd entry{}, *found = nullptr;
  char buffer[4096];
  if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr)
    return entry.pw_dir;
  return fs::temp_directory_path();
}

std::string below(const char* name, const char* otherwise) {
  const fs::path value = variable(name);
  return ((value.is_absolute() ? value : home() / otherwise) / "voxlip").string();
}

std::mutex fallback_mutex;
std::string fallback_folder;

std::string fallback() {
  const std::lock_guard lock(fallback_mutex);
  return fallback_folder;
}

}  // namespace

std::string data_dir() { return below("XDG_DATA_HOME", ".local/share"); }
std::string cache_dir() { return below("XDG_CACHE_HOME", ".cache"); }
std::string config_dir() { return below("XDG_CONFIG_HOME", ".config"); }

std::string executable_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "" : path.string();
}

void set_asset_fallback(const std::string& folder) {
  const std::lock_guard lock(fallback_mutex);
  fallback_folder = folder;
}

std::string asset_dir() {
  const std::string named = variable("VOXLIP_ASSETS");
  const fs::path beside =
      fs::path(executable_path()).parent_path().parent_path() / "share/voxlip/assets";
  std::error_code ignored;
  if (!named.empty()) {
    if (fs::is_directory(named, ignored)) return named;
    throw Error(Code::kNotFound, fmt::format("VOXLIP_ASSETS names {}, which is no folder", named),
                Where{.file = named}, {"correct or unset VOXLIP_ASSETS"});
  }
  if (fs::is_directory(beside, ignored)) return beside.string();
  const std::string last = fallback();
  if (!last.empty() && fs::is_directory(last, ignored)) return last;
  throw Error(Code::kNotFound, "the files that ship with Voxlip were not found",
              Where{.file = beside.string()}, {"set VOXLIP_ASSETS to the folder assets/"});
}

}  // namespace vl
