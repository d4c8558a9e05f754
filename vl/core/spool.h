#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace vl {

/// A temporary file without a name: its bytes are gone when the object dies or the process ends,
/// however it ends. One thread writes; any number may read what is written.
class Spool {
 public:
  /// @param folder where the bytes lie
  /// @throws Error(kNotWritable) for a folder that is missing or read-only
  explicit Spool(const std::string& folder);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// @throws as write_all: Error(kDiskFull, kNotWritable)
  void append(const void* data, size_t bytes);
  /// All that `fd` gives until its end. @param name of it in messages
  /// @param check called while waiting for more; its error ends the call
  /// @throws as append; Error(kNotFound) when it cannot be read
  void append_from(int fd, const std::string& name, const std::function<void()>& check = {});
  /// Overwrites, or extends; a hole before `offset` reads as zeros. @throws as append
  void write_at(uint64_t offset, const void* data, size_t bytes);
  /// @throws Error(kNotFound) for bytes that are not there or a disk that does not give them back
  void read(uint64_t offset, void* data, size_t bytes) const;
  uint64_t size() const { return size_; }
  /// A name under which libraries of this process can open it for reading.
  std::string path() const;

 private:
  std::string folder_;
  int fd_ = -1;
  std::atomic<uint64_t> size_{0};
};

/// A Spool of plain values, counted in elements.
template <class T>
class SpoolOf {
 public:
  explicit SpoolOf(const std::string& folder) : spool_(folder) {}

  void append(const T* data, size_t count) { spool_.append(data, count * sizeof(T)); }
  void write_at(uint64_t begin, const T* data, size_t count) {
    spool_.write_at(begin * sizeof(T), data, count * sizeof(T));
  }
  void read(uint64_t begin, T* data, size_t count) const {
    spool_.read(begin * sizeof(T), data, count * sizeof(T));
  }
  uint64_t size() const { return spool_.size() / sizeof(T); }

 private:
  Spool spool_;
};

}  // namespace vl
