#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/clock.h"
#include "vl/core/console.h"
#include "vl/core/events.h"
#include "vl/core/warning.h"

namespace vl {

enum class ProgressMode { kBar, kJsonl, kNone };

/// auto bar jsonl none; auto is a bar on a terminal, JSON lines otherwise; a bar without a terminal
/// is none. @throws Error(kBadValue) for another word
ProgressMode progress_mode(const std::string& name, const Console& console);

/// A stage of a job and how long it is expected to take. Only the ratios matter.
struct PlannedStage {
  std::string stage;
  double predicted_ms = 1;
};

/// Tells the user how far one job is: a bar redrawn at most 10 times a second, or JSON lines, one
/// to ten a second while work is under way. Percent is the share of the planned time that is done;
/// it never falls and stays below 100 until done(). Thread safe.
class Progress {
 public:
  /// @param job empty: null in the events
  Progress(EventStream& events, Console& console, ProgressMode mode, std::string job,
           Clock clock = now_ms);
  ~Progress();

  /// Gives the stages their share; stages that are not named share nothing.
  void plan(const std::vector<PlannedStage>& stages);
  /// @param device empty: null
  void start(const std::string& stage, const std::string& device = {});
  void end(const std::string& stage);
  void skipped(const std::string& stage);
  void cached(const std::string& stage);
  /// @param total 0: unknown, written as null
  void update(const std::string& stage, int64_t done, int64_t total, const std::string& unit);
  /// Share of the job that is done, 0..99; never falls.
  double percent() const;
  /// The Fit of a finished line.
  void line(const nlohmann::ordered_json& fit);
  void warning(const Warning& warning);
  /// Nothing is written after one of these.
  void done(const nlohmann::ordered_json& result);
  void error(const nlohmann::ordered_json& error);

  /// To be called about ten times a second: repeats a progress line that would be older than a
  /// second, and reports a stage that has been silent for 10 s (again every 10 s).
  void tick();

 private:
  struct Stage {
    double weight = 0, fraction = 0, active_since = 0, reported = 0;
    bool running = false;
    std::string device;
  };
  void close(const std::string& stage, const char* state);
  void stage_event(const std::string& stage, const char* state, const std::string& device);
  void show();
  void show_bar(double now);
  void update_percent();
  std::optional<double> eta_ms(double now) const;
  void finish(const char* event, const char* key, const nlohmann::ordered_json& value);

  EventStream& events_;
  Console& console_;
  ProgressMode mode_;
  std::string job_;
  Clock clock_;
  double start_;
  mutable std::mutex mutex_;
  std::map<std::string, Stage> stages_;
  bool planned_ = false, finished_ = false, pending_ = false;
  double percent_ = 0, shown_at_ = -1e9;
  std::string current_, unit_;
  int64_t done_ = 0, total_ = 0;
};

/// Calls progress.tick() every 100 ms from a thread of its own.
class ProgressTicker {
 public:
  explicit ProgressTicker(Progress& progress);
  ~ProgressTicker();
  ProgressTicker(const ProgressTicker&) = delete;
  ProgressTicker& operator=(const ProgressTicker&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace vl
