#include "vl/weights/mapped_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vl/core/error.h"

namespace vl::weights {

MappedFile::MappedFile(const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    throw Error(Code::kNotFound, fmt::format("cannot read {}: {}", path, why), Where{.file = path});
  };
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) refuse(errno == ENOENT ? "no such file" : std::strerror(errno));
  struct stat info {};
  const bool known = fstat(fd, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    close(fd);
    refuse(known && S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file");
  }
  size_ = static_cast<size_t>(info.st_size);
  if (size_ > 0) {
    void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    data_ = p == MAP_FAILED ? nullptr : static_cast<char*>(p);
  }
  close(fd);
  if (size_ > 0 && data_ == nullptr) refuse("cannot be mapped");
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
}

ByteView map_file(const std::string& path) {
  auto file = std::make_shared<MappedFile>(path);
  return {file, file->data(), file->size()};
}

}  // namespace vl::weights
