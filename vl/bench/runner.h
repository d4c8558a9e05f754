#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vl/bench/host.h"
#include "vl/bench/validity.h"
#include "vl/core/clock.h"

namespace vl::bench {

/// What is timed, and by which rules.
struct RunPlan {
  Profile profile;
  std::vector<std::string> engines = {"fused"};  ///< several: interleaved A B A B, a row each
  int64_t samples = 8;
  uint64_t seed = 0;  ///< of the order of the samples
  /// Warm-up that has not ended by then makes the row INVALID: seconds of this engine's queries, or
  /// queries; 0 is no limit.
  double warmup_limit_s = 60;
  int64_t warmup_limit_n = 0;
};

/// One issued query. The next one is issued when the last one has completed, so it was scheduled
/// when it started.
struct QueryRecord {
  int64_t sample = 0;
  double start_ms = 0;  ///< since the timed region began
  double latency_ms = 0;
  std::string error;  ///< empty: it succeeded
};

/// The timed queries of one engine.
struct EngineRun {
  std::string engine;
  std::vector<QueryRecord> queries;
  int64_t errors = 0;     ///< queries that failed
  double duration_s = 0;  ///< of all queries
  int64_t warmup_n = 0;
  bool warm = false;
  HostUse host;

  /// Of the queries that succeeded, in the order of the run.
  std::vector<double> latencies_ms() const;
  std::string first_error() const;
};

/// What a run calls; tests replace the clock.
struct RunHooks {
  std::function<void(int64_t sample)> query;
  std::function<void(const std::string& engine)> set_engine = [](const std::string&) {};
  std::function<void()> check_cancelled = [] {};
  Clock clock = now_ms;
};

/// Scenario `single` (spec bench.md sections 3 and 4). Warm-up of every engine ends when the
/// medians of its last two groups of three queries lie within 10 %. Then whole cycles of the
/// samples, each in a newly shuffled order, every sample once with each engine, until every engine
/// has the profile's count and duration (or as many failures as the count). A query that throws is
/// recorded and the run goes on.
/// @throws what a query throws during warm-up, what check_cancelled throws
std::vector<EngineRun> run_single(const RunPlan& plan, const RunHooks& hooks);

/// Order of the samples in cycle after cycle: a Fisher-Yates shuffle of 0..samples - 1, the same on
/// every machine.
class SampleOrder {
 public:
  SampleOrder(int64_t samples, uint64_t seed);
  int64_t next();

 private:
  std::vector<int64_t> cycle_;
  size_t at_;
  uint64_t state_;
};

/// Has warm-up ended after these latencies?
bool is_warm(const std::vector<double>& latencies_ms);

}  // namespace vl::bench
