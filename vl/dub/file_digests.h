#pragma once

#include <filesystem>
#include <string>

namespace vl::dub {

/// SHA-256 of files, hashed once: a file whose path, size, modification time and inode are those of
/// an earlier call is not read again. The record lies in CACHE_DIR/digests; a cache that cannot be
/// written only costs time.
class FileDigests {
 public:
  explicit FileDigests(const std::filesystem::path& cache_dir) : folder_(cache_dir / "digests") {}
  /// @throws Error(kNotFound) for a file that cannot be read
  std::string of(const std::filesystem::path& file) const;
  /// Drops the record of a file that is to be removed. @return whether there was one
  bool forget(const std::filesystem::path& file) const;

 private:
  std::filesystem::path record_of(const std::filesystem::path& whole) const;
  std::filesystem::path folder_;
};

}  // namespace vl::dub
