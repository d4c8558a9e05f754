#include "vl/weights/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vl/core/error.h"

namespace vl::weights {

MappedFile::MappedFile(const std::string& path) {
  const auto refuse = [&](const char* why) {
    throw Error(Code::kNotFound, fmt::format("cannot read {}: {}", path, why), Where{.file = path});
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse("no such file");
  struct stat info {};
  if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    close(fd);
    refuse("is a folder");
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
