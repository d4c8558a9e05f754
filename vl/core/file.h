#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace vl {

inline constexpr uint64_t kNoLimit = ~uint64_t{0};

/// Calls `use` with the bytes of the file, piece after piece. INT and TERM end a wait for bytes.
/// @throws Error(kNotFound) for a missing or unreadable file, a folder or a URL; Error(kOverLimit)
/// above `limit` bytes
void read_chunks(const std::string& path, const std::function<void(std::string_view)>& use,
                 uint64_t limit = kNoLimit);
/// The whole file. @throws as read_chunks
std::string read_file(const std::string& path, uint64_t limit = kNoLimit);
/// All of standard input. @throws Error(kOverLimit) above `limit` bytes
std::string read_stdin(uint64_t limit = kNoLimit);
/// The file that a path names, behind its links, whether it is there or not.
std::string behind_links(const std::string& path);
/// Waits until `fd` can be read or has ended; `check`, if given, is called about ten times a second
/// and ends the waiting by an error.
void wait_readable(int fd, const std::function<void()>& check);
/// A TEXT file: UTF-8, without its byte order mark, CRLF as LF, without newlines at the end.
/// @throws Error(kBadText) for invalid UTF-8
std::string clean_text(std::string bytes, const std::string& name);
/// Position of the first byte that is no well-formed UTF-8 (RFC 3629), or npos.
size_t invalid_utf8(std::string_view text);

/// To be called before the work starts: would the output `path` be refused in the end?
/// @throws Error(kOutputExists) when it is there and `overwrite` is false; Error(kNotWritable) for
/// a folder, a device, or a folder that is missing or read-only
void check_output(const std::string& path, bool overwrite);

/// Writes all bytes; INT and TERM end a wait for a pipe that is full. `before`: bytes written to
/// this file so far, for the message.
/// @throws Error(kDiskFull) "disk full at N MiB"; Error(kNotWritable) for anything else
void write_all(int fd, std::string_view bytes, const std::string& path, uint64_t before);

/// An output file that appears at its name only when it is complete: bytes go to `.NAME.part`
/// beside the target; commit() flushes them to the disk and renames. Without commit() nothing
/// stays. One run at a time writes to a name.
class AtomicFile {
 public:
  /// @throws as check_output; Error(kNotWritable) while another run writes to the name
  AtomicFile(std::string path, bool overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// @throws as write_all
  void write(std::string_view bytes);
  /// The name under which a library may open and write the file itself, until commit().
  const std::string& part_path() const { return part_; }
  /// @throws Error(kOutputExists) when somebody else made the target meanwhile; as write_all
  void commit();

 private:
  bool open_part();

  std::string path_, target_, part_;
  bool overwrite_;
  int fd_ = -1;
  uint64_t written_ = 0;
};

/// Keeps other processes that lock the same folder waiting as long as it lives. Where the folder is
/// absent or its file system has no locks, nobody waits. @throws Error(kCancelled) by a signal
/// while it waits
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

/// AtomicFile, write, commit.
void write_file_atomic(const std::string& path, std::string_view bytes, bool overwrite = true);

}  // namespace vl
