#include "vl/core/console.h"

#include <cerrno>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace vl {

namespace {

constexpr const char* kErase = "\r\x1b[K";

void write_stderr(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody is left to be told
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

bool wants_color(const std::string& mode, bool terminal) {
  if (mode != "auto") return mode == "always";
  const char *no_color = std::getenv("NO_COLOR"), *term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  return terminal && !dumb && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

Console::Console(Write write, bool terminal, bool color)
    : write_(std::move(write)), terminal_(terminal), color_(color) {}

Console Console::standard_error() {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  return Console(write_stderr, terminal, wants_color("auto", terminal));
}

void Console::set_color(const std::string& mode) { color_ = wants_color(mode, terminal_); }

void Console::write_line(std::string_view text) {
  std::string out = status_.empty() ? "" : kErase;
  out += text;
  out += '\n';
  write_(out + status_);
}

void Console::line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  write_line(text);
}

void Console::line_from(const std::function<std::string()>& make) {
  const std::lock_guard lock(mutex_);
  write_line(make());
}

void Console::status(const std::string& text) {
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  status_ = text.substr(0, terminal_width() - 1);
  write_(kErase + status_);
}

void Console::end_status(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (status_.empty()) return;
  status_.clear();
  write_(text.empty() ? kErase : kErase + text + "\n");
}

}  // namespace vl
