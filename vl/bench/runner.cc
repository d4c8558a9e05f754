#include "vl/bench/runner.h"

#include <algorithm>
#include <exception>
#include <numeric>

namespace vl::bench {

namespace {

constexpr size_t kGroup = 3;
constexpr double kWarmRatio = 1.10;

double median_of_group(std::vector<double>::const_iterator from) {
  std::vector<double> group(from, from + kGroup);
  std::sort(group.begin(), group.end());
  return percentile(group, 500);
}

/// Warm-up of one engine so far.
struct WarmUp {
  std::vector<double> latencies_ms;
  double total_s = 0;
  bool ended = false;
};

void warm_up(const RunPlan& plan, const RunHooks& hooks, SampleOrder& order,
             std::vector<EngineRun>& runs) {
  std::vector<WarmUp> state(runs.size());
  const auto all_ended = [&] {
    return std::all_of(state.begin(), state.end(), [](const WarmUp& w) { return w.ended; });
  };
  while (!all_ended()) {
    const int64_t sample = order.next();
    for (size_t e = 0; e < runs.size(); ++e) {
      WarmUp& w = state[e];
      hooks.check_cancelled();
      hooks.set_engine(runs[e].engine);
      const double start = hooks.clock();
      hooks.query(sample);
      w.latencies_ms.push_back(hooks.clock() - start);
      w.total_s += w.latencies_ms.back() / 1000;
      const auto n = static_cast<int64_t>(w.latencies_ms.size());
      runs[e].warmup_n = n;
      runs[e].warm = is_warm(w.latencies_ms);
      const bool too_long = (plan.warmup_limit_s > 0 && w.total_s >= plan.warmup_limit_s) ||
                            (plan.warmup_limit_n > 0 && n >= plan.warmup_limit_n);
      w.ended = runs[e].warm || too_long;
    }
  }
}

QueryRecord timed_query(const RunHooks& hooks, int64_t sample, double begin_ms, HostMeter& meter) {
  QueryRecord out{.sample = sample};
  meter.start();
  const double start = hooks.clock();
  try {
    hooks.query(sample);
  } catch (const std::exception& e) {
    out.error = e.what();
  }
  const double end = hooks.clock();
  meter.stop();
  out.start_ms = start - begin_ms;
  out.latency_ms = end - start;
  return out;
}

bool is_complete(const EngineRun& run, const Profile& profile) {
  const auto n = static_cast<int64_t>(run.queries.size());
  return (n >= profile.count && run.duration_s >= profile.duration_s) ||
         run.errors >= profile.count;
}

}  // namespace

std::vector<double> EngineRun::latencies_ms() const {
  std::vector<double> out;
  for (const QueryRecord& q : queries)
    if (q.error.empty()) out.push_back(q.latency_ms);
  return out;
}

std::string EngineRun::first_error() const {
  for (const QueryRecord& q : queries)
    if (!q.error.empty()) return q.error;
  return "";
}

SampleOrder::SampleOrder(int64_t samples, uint64_t seed)
    : cycle_(static_cast<size_t>(samples)), at_(cycle_.size()), state_(seed) {
  std::iota(cycle_.begin(), cycle_.end(), 0);
}

int64_t SampleOrder::next() {
  if (at_ == cycle_.size()) {
    for (size_t i = cycle_.size() - 1; i > 0; --i) {
      state_ += 0x9E3779B97F4A7C15ULL;  // SplitMix64
      uint64_t z = (state_ ^ (state_ >> 30)) * 0xBF58476D1CE4E5B9ULL;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
      std::swap(cycle_[i], cycle_[(z ^ (z >> 31)) % (i + 1)]);
    }
    at_ = 0;
  }
  return cycle_[at_++];
}

bool is_warm(const std::vector<double>& latencies_ms) {
  if (latencies_ms.size() < 2 * kGroup) return false;
  const double last = median_of_group(latencies_ms.end() - kGroup);
  const double before = median_of_group(latencies_ms.end() - 2 * kGroup);
  return std::max(last, before) <= kWarmRatio * std::min(last, before);
}

std::vector<EngineRun> run_single(const RunPlan& plan, const RunHooks& hooks) {
  std::vector<EngineRun> runs;
  for (const std::string& engine : plan.engines) runs.push_back({.engine = engine});
  SampleOrder order(plan.samples, plan.seed);
  warm_up(plan, hooks, order, runs);
  std::vector<HostMeter> meters(runs.size());
  SampleOrder timed_order(plan.samples, plan.seed);
  const double begin = hooks.clock();
  const auto complete = [&] {
    return std::all_of(runs.begin(), runs.end(),
                       [&](auto& r) { return is_complete(r, plan.profile); });
  };
  while (!complete()) {
    const int64_t sample = timed_order.next();
    for (size_t e = 0; e < runs.size(); ++e) {
      hooks.check_cancelled();
      hooks.set_engine(runs[e].engine);
      const QueryRecord q = timed_query(hooks, sample, begin, meters[e]);
      runs[e].duration_s += q.latency_ms / 1000;
      runs[e].errors += q.error.empty() ? 0 : 1;
      runs[e].queries.push_back(q);
    }
  }
  for (size_t e = 0; e < runs.size(); ++e) runs[e].host = meters[e].use();
  return runs;
}

}  // namespace vl::bench
