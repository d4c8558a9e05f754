#include "vl/core/file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vl/core/cancel.h"
#include "vl/core/error.h"

namespace vl {

namespace fs = std::filesystem;

namespace {

constexpr size_t kChunk = 1 << 20;
constexpr int kPollMs = 100, kMostTries = 100;
constexpr const char* kPartEnding = ".part";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void throw_unreadable(const std::string& path, int error) {
  const char* why = error == ENOENT   ? "no such file"
                    : error == EISDIR ? "is a folder"
                                      : std::strerror(error);
  throw Error(Code::kNotFound, fmt::format("cannot read {}: {}", path, why), Where{.file = path});
}

[[noreturn]] void throw_write_error(const std::string& path, int error, uint64_t bytes) {
  if (error == ENOSPC || error == EDQUOT)
    throw Error(Code::kDiskFull, fmt::format("disk full at {} MiB", bytes >> 20),
                Where{.file = path}, {"free some space, or choose another folder with --out"});
  throw Error(Code::kNotWritable, fmt::format("cannot write {}: {}", path, std::strerror(error)),
              Where{.file = path});
}

void read_fd(int fd, const std::string& name, uint64_t limit,
             const std::function<void(std::string_view)>& use) {
  std::string buffer(kChunk, '\0');
  uint64_t total = 0;
  while (true) {
    wait_readable(fd, check_signals);
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) throw_unreadable(name, errno);
    if (n == 0) return;
    total += static_cast<uint64_t>(n);
    if (total > limit)
      throw Error(Code::kOverLimit, fmt::format("{} is larger than {} bytes", name, limit),
                  Where{.file = name});
    use(std::string_view(buffer.data(), static_cast<size_t>(n)));
  }
}

std::string folder_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

[[noreturn]] void throw_exists(const std::string& path) {
  throw Error(Code::kOutputExists, path + " exists: use --overwrite", Where{.file = path},
              {"use --overwrite, or give another output name"});
}

/// Where the bytes wait until the file is complete.
std::string part_of(const std::string& target) {
  const fs::path path(target);
  return (path.parent_path() / fmt::format(".{}{}", path.filename().string(), kPartEnding))
      .string();
}

}  // namespace

void read_chunks(const std::string& path, const std::function<void(std::string_view)>& use,
                 uint64_t limit) {
  if (path.find("://") != std::string::npos && !fs::exists(path))
    throw Error(Code::kNotFound, fmt::format("{} is a URL; Voxlip reads local files only", path),
                Where{.file = path}, {"download the file first"});
  // Opening a pipe that nobody writes to would wait where no signal ends it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw_unreadable(path, errno);
  struct stat info {};
  if (::fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode)) throw_unreadable(path, EISDIR);
  read_fd(file.get(), path, limit, use);
}

std::string read_file(const std::string& path, uint64_t limit) {
  std::string out;
  read_chunks(
      path, [&out](std::string_view chunk) { out += chunk; }, limit);
  return out;
}

std::string behind_links(const std::string& path) {
  constexpr int kMostLinks = 40;
  std::error_code failed;
  fs::path at = path;
  for (int i = 0; i < kMostLinks && fs::is_symlink(at, failed); ++i) {
    const fs::path to = fs::read_symlink(at, failed);
    if (failed) break;
    at = to.is_absolute() ? to : at.parent_path() / to;
  }
  return at.string();
}

void wait_readable(int fd, const std::function<void()>& check) {
  if (fd < 0) return;  // poll() would wait for ever; reading it is the error
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  int readable = 0;
  while (readable <= 0) {
    if (check) check();
    readable = ::poll(&ready, 1, kPollMs);  // else nothing yet, or interrupted
  }
  if (check) check();  // what ended the wait may have come with the end of the bytes
}

std::string read_stdin(uint64_t limit) {
  std::string out;
  read_fd(STDIN_FILENO, "standard input", limit, [&out](std::string_view chunk) { out += chunk; });
  return out;
}

namespace {

/// A pipe or terminal may take nothing for a long time; then a signal ends the wait.
bool may_block(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && !S_ISREG(info.st_mode);
}

void wait_writable(int fd) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  do check_signals();
  while (::poll(&ready, 1, kPollMs) <= 0);
}

}  // namespace

void write_all(int fd, std::string_view bytes, const std::string& path, uint64_t before) {
  const bool wait = may_block(fd);
  while (!bytes.empty()) {
    if (wait) wait_writable(fd);
    // What can be written at all takes this much without waiting.
    const size_t most = wait ? std::min<size_t>(bytes.size(), PIPE_BUF) : bytes.size();
    const ssize_t n = ::write(fd, bytes.data(), most);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_write_error(path, errno, before);
    before += static_cast<uint64_t>(n);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void check_output(const std::string& path, bool overwrite) {
  const auto refuse = [&](const std::string& why) {
    throw Error(Code::kNotWritable, fmt::format("cannot write {}: {}", path, why),
                Where{.file = path});
  };
  if (path.empty() || fs::path(path).filename().empty()) refuse("it names no file");
  const std::string target = behind_links(path), folder = folder_of(target),
                    part = fs::path(part_of(target)).filename();
  if (part.size() > NAME_MAX)
    refuse(fmt::format("its name is too long by {} bytes", part.size() - NAME_MAX));
  struct stat info {};
  if (::stat(target.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) refuse("it is a folder");
    if (!S_ISREG(info.st_mode)) refuse("it is not a regular file");
    if (!overwrite) throw_exists(path);
  } else if (errno != ENOENT) {
    refuse(std::strerror(errno));
  }
  if (::stat(folder.c_str(), &info) != 0) refuse("the folder " + folder + " does not exist");
  if (!S_ISDIR(info.st_mode)) refuse(folder + " is not a folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) refuse(std::strerror(errno));
}

AtomicFile::AtomicFile(std::string path, bool overwrite)
    : path_(std::move(path)), overwrite_(overwrite) {
  check_output(path_, overwrite_);
  target_ = behind_links(path_);
  part_ = part_of(target_);
  for (int tries = 0; !open_part(); ++tries)
    if (tries == kMostTries)
      throw Error(Code::kNotWritable,
                  fmt::format("cannot write {}: {} is another file every time", path_, part_),
                  Where{.file = path_});
}

/// One try: false where the part that was opened went to its target before it was ours.
bool AtomicFile::open_part() {
  fd_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd_ < 0) throw_write_error(part_, errno, 0);
  const auto give_up = [this] { ::close(std::exchange(fd_, -1)); };
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    give_up();
    throw Error(Code::kNotWritable,
                fmt::format("cannot write {}: another run is writing it", path_),
                Where{.file = path_}, {"wait for it, or give another output name"});
  }
  struct stat opened {
  }, named{};
  if (::fstat(fd_, &opened) != 0 || ::stat(part_.c_str(), &named) != 0 ||
      opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
    give_up();
    return false;
  }
  if (::ftruncate(fd_, 0) == 0) return true;
  const int error = errno;
  give_up();
  throw_write_error(part_, error, 0);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::unlink(part_.c_str());  // while it is locked: later it may be another run's
  ::close(fd_);
}

void AtomicFile::write(std::string_view bytes) {
  write_all(fd_, bytes, path_, written_);
  written_ += bytes.size();
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) throw_write_error(path_, errno, written_);
  if (overwrite_) {
    if (::rename(part_.c_str(), target_.c_str()) != 0) throw_write_error(path_, errno, written_);
  } else if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE)) {
    if (errno == EEXIST) throw_exists(path_);
    // Some file systems (NFS, FUSE) do not know RENAME_NOREPLACE.
    if (errno != EINVAL && errno != ENOSYS) throw_write_error(path_, errno, written_);
    check_output(path_, false);
    if (::rename(part_.c_str(), target_.c_str()) != 0) throw_write_error(path_, errno, written_);
  }
  ::close(std::exchange(fd_, -1));
  const Descriptor folder(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

FolderLock::FolderLock(const std::string& folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  while (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0 &&
         (errno == EWOULDBLOCK || errno == EINTR)) {
    ::poll(nullptr, 0, kPollMs);
    try {
      check_signals();
    } catch (...) {
      ::close(fd_);
      throw;
    }
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

void write_file_atomic(const std::string& path, std::string_view bytes, bool overwrite) {
  AtomicFile file(path, overwrite);
  file.write(bytes);
  file.commit();
}

}  // namespace vl
