#include "vl/core/warning.h"

namespace vl {

bool WarningList::add(Warning warning) {
  const std::lock_guard lock(mutex_);
  for (const Warning& w : warnings_)
    if (w.code == warning.code && w.message == warning.message &&
        w.where.text() == warning.where.text())
      return false;
  warnings_.push_back(std::move(warning));
  if (listener_) listener_(warnings_.back());
  return true;
}

std::vector<Warning> WarningList::all() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

void WarningList::listen(std::function<void(const Warning&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t')
      out += ' ';
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::string warning_line(const Warning& warning, bool color) {
  const std::string place = one_line(warning.where.text());
  return fmt::format("{}warning[{}]{}: {}{}", color ? "\x1b[33m" : "", warning.code,
                     color ? "\x1b[0m" : "", one_line(warning.message),
                     place.empty() ? "" : " (" + place + ")");
}

}  // namespace vl
