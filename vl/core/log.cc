#include "vl/core/log.h"

#include <array>
#include <mutex>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include "vl/core/console.h"
#include "vl/core/error.h"
#include "vl/core/events.h"
#include "vl/core/names.h"

namespace vl::log {

namespace {

const std::vector<std::string> kNames = {"trace", "debug", "info", "warn", "error"};
constexpr std::array kColors = {"\x1b[2m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};

spdlog::level::level_enum to_spdlog(Level level) {
  return static_cast<spdlog::level::level_enum>(level);
}

Level from_spdlog(spdlog::level::level_enum level) {
  return static_cast<Level>(std::min<int>(level, spdlog::level::err));
}

/// spdlog's own default logger writes to stdout, which belongs to results: it is replaced once.
std::once_flag default_replaced;
spdlog::logger* logger() {
  std::call_once(default_replaced, shutdown);
  return spdlog::default_logger_raw();
}

/// A human line never starts with "{": the lines after the first are indented.
std::string human_line(Level level, std::string text, bool color) {
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3)
    text.replace(at, 1, "\n  ");
  const std::string name = level_name(level);
  if (!color) return name + ": " + text;
  return kColors[static_cast<size_t>(level)] + name + "\x1b[0m: " + text;
}

class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ConsoleSink(Console& console, EventStream* events) : console_(console), events_(events) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    const Level level = from_spdlog(msg.level);
    const std::string text(msg.payload.data(), msg.payload.size());
    if (events_ == nullptr) return console_.line(human_line(level, text, console_.color()));
    events_->emit("log", "", {{"level", level_name(level)}, {"message", text}});
  }
  void flush_() override {}

 private:
  Console& console_;
  EventStream* events_;
};

}  // namespace

Level level_from(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Level>(i);
  fail(Code::kBadValue, "unknown log level \"{}\"{}", name, did_you_mean(name, kNames));
}

std::string level_name(Level level) { return kNames[static_cast<size_t>(level)]; }

void setup(Level level, Console& console, EventStream* events) {
  logger();
  auto made = std::make_shared<spdlog::logger>("", std::make_shared<ConsoleSink>(console, events));
  made->set_level(to_spdlog(level));
  spdlog::set_default_logger(std::move(made));
}

void shutdown() {
  auto made = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::null_sink_mt>());
  made->set_level(spdlog::level::off);
  spdlog::set_default_logger(std::move(made));
}

bool enabled(Level level) { return logger()->should_log(to_spdlog(level)); }

void write(Level level, const std::string& text) {
  logger()->log(to_spdlog(level), spdlog::string_view_t(text));
}

}  // namespace vl::log
