#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace vl {

/// The whole file. @throws Error(kNotFound) when it is absent, a folder or unreadable
std::string read_file(const std::filesystem::path& path);

/// @throws Error(kOutputExists) when the file is there and overwrite is false, Error(kNotWritable)
/// when its folder is not there or not writable: asked before work starts
void check_output(const std::filesystem::path& path, bool overwrite);

/// The temporary name beside a target: DIR/.NAME.part.
std::filesystem::path part_path(const std::filesystem::path& target);

/// Error for a failed write: kDiskFull for ENOSPC ("disk full at N MiB"), else kNotWritable.
[[noreturn]] void fail_write(const std::filesystem::path& target, int error_number,
                             uint64_t bytes_written);

/// A file written beside its target as .NAME.part; commit() fsyncs and renames, the destructor
/// removes what was not committed.
class AtomicFile {
 public:
  /// Creates missing folders. @throws as check_output
  AtomicFile(std::filesystem::path target, bool overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// @throws Error(kDiskFull, kNotWritable)
  void write(const void* data, size_t size);
  void commit();

 private:
  std::filesystem::path target_, part_;
  int fd_ = -1;
  uint64_t written_ = 0;
};

void write_file_atomic(const std::filesystem::path& target, const std::string& content,
                       bool overwrite = true);

}  // namespace vl
