#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/clock.h"

namespace vl {

/// One piece of work. Times are milliseconds since the trace began.
struct TraceSpan {
  std::string stage, name;
  double start_ms = 0, end_ms = 0;
  int thread = 0;  ///< small number, in the order in which threads first wrote
  nlohmann::json args = nlohmann::json::object();
};

/// The object Span of the command line contract: everything one stage did. busy_ms is without
/// wait_ms (queues, other stages); cold_ms is first-use cost.
struct StageSpan {
  std::string stage;
  double start_ms = 0, end_ms = 0, busy_ms = 0, wait_ms = 0;
  int calls = 1;
  double cold_ms = 0;
  std::string device;  ///< empty: null
};
nlohmann::ordered_json span_json(const StageSpan& span);

/// Collects spans from any thread.
class Trace {
 public:
  explicit Trace(Clock clock = now_ms);

  /// Milliseconds since the trace began.
  double now() const { return clock_() - start_; }
  /// `span.thread` is set to the calling thread's number.
  void add(TraceSpan span);
  /// In the order of their ends.
  std::vector<TraceSpan> spans() const;

  /// [{"stage","name","start_ms","end_ms","thread","args"}]
  nlohmann::ordered_json to_json() const;
  /// The Trace Event Format that chrome://tracing and Perfetto read: complete events ("ph":"X"),
  /// microseconds.
  nlohmann::ordered_json to_chrome() const;

 private:
  Clock clock_;
  double start_;
  mutable std::mutex mutex_;
  std::vector<TraceSpan> spans_;
};

/// Adds a span from its construction to its destruction. A null trace is allowed and costs nothing.
class ScopedSpan {
 public:
  ScopedSpan(Trace* trace, std::string stage, std::string name = {});
  ~ScopedSpan();
  ScopedSpan(const ScopedSpan&) = delete;
  ScopedSpan& operator=(const ScopedSpan&) = delete;

  void arg(const std::string& key, nlohmann::json value);

 private:
  Trace* trace_;
  TraceSpan span_;
};

}  // namespace vl
