#include "vl/core/spool.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl {

namespace {

constexpr size_t kChunk = 1 << 20;

int open_unnamed(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  // Some file systems (NFS, FUSE) have no O_TMPFILE.
  std::string name = folder + "/.spool-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Spool::Spool(const std::string& folder) : folder_(folder), fd_(open_unnamed(folder)) {
  if (fd_ < 0)
    throw Error(Code::kNotWritable,
                fmt::format("cannot keep temporary data in {}: {}", folder, std::strerror(errno)),
                Where{.file = folder});
}

Spool::~Spool() { ::close(fd_); }

void Spool::append(const void* data, size_t bytes) { write_at(size_, data, bytes); }

void Spool::append_from(int fd, const std::string& name, const std::function<void()>& check) {
  std::string buffer(kChunk, '\0');
  while (true) {
    wait_readable(fd, check);
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw Error(Code::kNotFound, fmt::format("cannot read {}: {}", name, std::strerror(errno)),
                  Where{.file = name});
    if (n == 0) return;
    append(buffer.data(), static_cast<size_t>(n));
  }
}

void Spool::write_at(uint64_t offset, const void* data, size_t bytes) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0)
    throw Error(Code::kNotWritable,
                fmt::format("cannot write to {}: {}", folder_, std::strerror(errno)),
                Where{.file = folder_});
  write_all(fd_, {static_cast<const char*>(data), bytes}, folder_, size_);
  if (offset + bytes > size_) size_ = offset + bytes;
}

void Spool::read(uint64_t offset, void* data, size_t bytes) const {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::pread(fd_, to, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw Error(Code::kNotFound,
                  fmt::format("cannot read temporary data in {} at {}: {}", folder_, offset,
                              n < 0 ? std::strerror(errno) : "it ends there"),
                  Where{.file = folder_});
    to += n;
    offset += static_cast<uint64_t>(n);
    bytes -= static_cast<size_t>(n);
  }
}

std::string Spool::path() const { return fmt::format("/proc/self/fd/{}", fd_); }

}  // namespace vl
