#pragma once

#include <string>

#include <fmt/format.h>

namespace vl {
class Console;
class EventStream;
}  // namespace vl

/// Messages for people on stderr, through spdlog's default logger. Thread safe. Libraries log; only
/// the program sets it up. Before setup() nothing is written.
namespace vl::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError };

/// "error" "warn" "info" "debug" "trace". @throws Error(kBadValue) for another word
Level level_from(const std::string& name);
std::string level_name(Level level);

/// Human lines `info: text` on the console; with `events` JSON lines {"event":"log",...} instead.
/// Both objects must outlive the logging, or a second setup.
void setup(Level level, Console& console, EventStream* events = nullptr);
/// Nothing is written any more: before the console dies.
void shutdown();

bool enabled(Level level);
void write(Level level, const std::string& text);

template <class... Args>
void write_format(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write_format(Level::kError, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write_format(Level::kWarn, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write_format(Level::kInfo, format, std::forward<Args>(args)...);
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write_format(Level::kDebug, format, std::forward<Args>(args)...);
}
template <class... Args>
void trace(fmt::format_string<Args...> format, Args&&... args) {
  write_format(Level::kTrace, format, std::forward<Args>(args)...);
}

}  // namespace vl::log
