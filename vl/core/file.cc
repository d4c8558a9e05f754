#include "vl/core/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "vl/core/error.h"

namespace vl {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  const auto refuse = [&](const char* why) {
    throw Error(Code::kNotFound, fmt::format("cannot read {}: {}", path.string(), why),
                Where{.file = path.string()});
  };
  if (fs::is_directory(path)) refuse("is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(fs::exists(path) ? "no permission" : "no such file");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void check_output(const fs::path& path, bool overwrite) {
  if (fs::is_directory(path))
    throw Error(Code::kNotWritable, fmt::format("cannot write {}: is a folder", path.string()),
                Where{.file = path.string()});
  if (!overwrite && fs::exists(path))
    throw Error(Code::kOutputExists, fmt::format("{} exists: use --overwrite", path.string()),
                Where{.file = path.string()});
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (fs::exists(folder) && access(folder.c_str(), W_OK) != 0)
    throw Error(Code::kNotWritable,
                fmt::format("cannot write {}: the folder is not writable", path.string()),
                Where{.file = path.string()});
}

fs::path part_path(const fs::path& target) {
  return target.parent_path() / ("." + target.filename().string() + ".part");
}

void fail_write(const fs::path& target, int error_number, uint64_t bytes_written) {
  if (error_number == ENOSPC || error_number == EDQUOT)
    throw Error(Code::kDiskFull, fmt::format("disk full at {} MiB", bytes_written >> 20),
                Where{.file = target.string()}, {"free some space, or write to another disk"});
  throw Error(Code::kNotWritable,
              fmt::format("cannot write {}: {}", target.string(), std::strerror(error_number)),
              Where{.file = target.string()});
}

AtomicFile::AtomicFile(fs::path target, bool overwrite)
    : target_(std::move(target)), part_(part_path(target_)) {
  check_output(target_, overwrite);
  if (target_.has_parent_path()) {
    std::error_code error;
    fs::create_directories(target_.parent_path(), error);
    if (error) fail_write(target_, error.value(), 0);
  }
  fd_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) fail_write(target_, errno, 0);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(part_.c_str());
}

void AtomicFile::write(const void* data, size_t size) {
  const char* p = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(fd_, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_write(target_, errno, written_);
    p += n;
    size -= static_cast<size_t>(n);
    written_ += static_cast<uint64_t>(n);
  }
}

void AtomicFile::commit() {
  const int fd = fd_;
  fd_ = -1;
  const bool synced = fsync(fd) == 0 || errno == EINVAL;
  const int error = errno;
  if (close(fd) != 0 || !synced || rename(part_.c_str(), target_.c_str()) != 0) {
    const int failed = synced ? errno : error;
    unlink(part_.c_str());
    fail_write(target_, failed, written_);
  }
}

void write_file_atomic(const fs::path& target, const std::string& content, bool overwrite) {
  AtomicFile file(target, overwrite);
  file.write(content.data(), content.size());
  file.commit();
}

}  // namespace vl
