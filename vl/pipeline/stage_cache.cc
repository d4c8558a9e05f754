#include "vl/pipeline/stage_cache.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr auto kStale = std::chrono::hours(24);
constexpr const char *kHeld = "held_", *kScratch = "scratch_";

bool stale(const fs::path& path) {
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  return !error && fs::file_time_type::clock::now() - written > kStale;
}

/// Folders that processes left which did not end by themselves.
void remove_stale_folders(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if ((name.rfind(kHeld, 0) == 0 || name.rfind(kScratch, 0) == 0) && stale(it->path())) {
      std::error_code ignored;
      fs::remove_all(it->path(), ignored);
    }
  }
}

/// Unlike any other of the processes that share the folder.
std::string own_name(const char* prefix) {
  static std::atomic<int> count{0};
  return fmt::format("{}{}_{}", prefix, ::getpid(), count++);
}

}  // namespace

StageCache::StageCache(fs::path folder, uint64_t most, bool enabled)
    : folder_(std::move(folder)), most_(most), enabled_(enabled) {
  remove_stale_folders(folder_);
  held_folder_ = folder_ / own_name(kHeld);
  if (!enabled_) folder_ /= own_name(kScratch);
}

StageCache::~StageCache() {
  std::error_code ignored;
  fs::remove_all(held_folder_, ignored);
  if (!enabled_) fs::remove_all(folder_, ignored);
}

/// A further link to the payload, which stays when another process deletes the object. File systems
/// without links give the object itself.
fs::path StageCache::hold(const std::string& name) {
  held_.insert(name);
  std::error_code error;
  if (!enabled_) return object(name);
  fs::create_directories(held_folder_, error);
  const fs::path link = held_folder_ / name;
  fs::remove(link, error);
  fs::create_hard_link(object(name), link, error);
  return error ? object(name) : link;
}

std::string StageCache::name_of(const nlohmann::json& key) { return sha256_hex(key.dump()); }

fs::path StageCache::object(const std::string& name) const {
  return folder_ / "objects" / name.substr(0, 2) / name;
}

std::optional<StageCache::Object> StageCache::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const fs::path path = object(name), record = path.string() + ".json";
  std::error_code error;
  if (!enabled_ || !fs::exists(record, error)) {
    ++use_.misses;
    return std::nullopt;
  }
  try {
    const auto document = nlohmann::json::parse(read_file(record.string()));
    if (sha256_file(path.string()) == document.at("sha256").get<std::string>()) {
      fs::last_write_time(record, fs::file_time_type::clock::now(), error);
      ++use_.hits;
      return Object{hold(name), document.at("meta")};
    }
  } catch (const std::exception&) {
    // Unreadable is as good as damaged.
  }
  fs::remove(record, error);
  fs::remove(path, error);
  ++use_.misses;
  return std::nullopt;
}

fs::path StageCache::scratch(const std::string& name) {
  const fs::path path = object(name);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error)
    throw Error(Code::kNotWritable,
                fmt::format("cannot write {}: {}", path.parent_path().string(), error.message()),
                Where{.file = path.parent_path().string()}, {"choose another --cache-dir"});
  return fmt::format("{}.{}.new", path.string(), ::getpid());
}

fs::path StageCache::keep(const std::string& name, const nlohmann::json& key,
                          const nlohmann::json& meta) {
  const fs::path path = object(name), made = scratch(name);
  const uint64_t bytes = fs::file_size(made);
  const nlohmann::json record = {
      {"key", key}, {"sha256", sha256_file(made.string())}, {"bytes", bytes}, {"meta", meta}};
  std::error_code error;
  fs::rename(made, path, error);
  if (error)
    throw Error(Code::kNotWritable,
                fmt::format("cannot write {}: {}", path.string(), error.message()),
                Where{.file = path.string()});
  // The record comes last: an object without one does not exist.
  write_file_atomic(path.string() + ".json", record.dump(1) + "\n");
  const std::lock_guard lock(mutex_);
  use_.bytes_written += bytes;
  return hold(name);
}

void StageCache::trim() {
  struct Entry {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path record;
  };
  const std::lock_guard lock(mutex_);
  if (!enabled_) return;
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder_ / "objects", error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != ".json") {
      std::error_code ignored;
      const bool whole = it->is_directory() || fs::exists(it->path().string() + ".json", ignored);
      if (!whole && stale(it->path())) fs::remove(it->path(), ignored);
      continue;
    }
    const fs::path payload = fs::path(it->path()).replace_extension();
    std::error_code absent;
    const uint64_t bytes = fs::file_size(payload, absent);
    if (absent) continue;
    total += bytes;
    entries.push_back({fs::last_write_time(it->path(), absent), bytes, it->path()});
  }
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.used < b.used; });
  for (const Entry& e : entries) {
    if (total <= most_) return;
    if (held_.count(e.record.stem().string()) != 0) continue;
    fs::remove(e.record, error);
    fs::remove(fs::path(e.record).replace_extension(), error);
    total -= e.bytes;
  }
}

CacheUse StageCache::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

}  // namespace vl::pipeline
