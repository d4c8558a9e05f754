#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

namespace vl::pipeline {

struct CacheUse {
  int64_t hits = 0, misses = 0;
  uint64_t bytes_written = 0;
};

/// Results of stages, kept under the SHA-256 of what they were made from: `objects/ab/HASH` with
/// `HASH.json` beside it (the key, size and digest of the payload, and what the stage adds). Any
/// number of processes may use one folder; the same key always means the same payload. What this
/// object has found or kept stays readable at the path it gave, whoever trims the folder meanwhile.
///
///   const std::string name = StageCache::name_of(key);
///   auto hit = cache.find(name);
///   if (!hit) { write(cache.scratch(name)); cache.keep(name, key, meta); }
class StageCache {
 public:
  struct Object {
    std::filesystem::path path;
    nlohmann::json meta;  ///< as keep() was given it
  };

  /// @param folder the cache's; it need not be there
  /// @param most bytes of payload above which trim() deletes
  /// @param enabled false: nothing is found, and what is kept is gone with this object
  StageCache(std::filesystem::path folder, uint64_t most, bool enabled);
  ~StageCache();
  StageCache(const StageCache&) = delete;
  StageCache& operator=(const StageCache&) = delete;

  /// Hash of the key in canonical form: keys sorted, numbers as JSON writes them.
  static std::string name_of(const nlohmann::json& key);

  /// The payload, if it is there and undamaged; a damaged one is deleted.
  std::optional<Object> find(const std::string& name);
  /// Where the payload of `name` is to be written before keep(): in the same folder.
  /// @throws Error(kNotWritable)
  std::filesystem::path scratch(const std::string& name);
  /// Takes what lies at scratch(name) into the cache. @return where it lies from then on
  /// @throws Error(kNotWritable, kDiskFull)
  std::filesystem::path keep(const std::string& name, const nlohmann::json& key,
                             const nlohmann::json& meta = nlohmann::json::object());
  /// Deletes the objects that were not used for longest, until the rest fits; never those that this
  /// object found or kept. What killed processes left half written goes after a day.
  void trim();
  CacheUse use() const;

 private:
  std::filesystem::path object(const std::string& name) const;
  std::filesystem::path hold(const std::string& name);

  std::filesystem::path folder_, held_folder_;  ///< the latter has links to what is held
  uint64_t most_;
  bool enabled_;
  mutable std::mutex mutex_;
  std::set<std::string> held_;
  CacheUse use_;
};

}  // namespace vl::pipeline
