#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vl::weights {

/// A file mapped into memory: private and writable, so that tensors may view it; writes never reach
/// the file.
class MappedFile {
 public:
  /// @throws Error(kNotFound) when it cannot be opened or is a folder
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

/// Bytes of a container and what keeps them alive (a mapping, or a test's buffer).
struct ByteView {
  std::shared_ptr<const void> owner;
  char* data = nullptr;
  size_t size = 0;
};

ByteView map_file(const std::string& path);

}  // namespace vl::weights
