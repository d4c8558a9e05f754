#include "vl/bench/runner.h"

#include <map>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/core/support.h"
#include "vl/bench/stage_row.h"
#include "vl/core/canonical.h"

namespace vl::bench {
namespace {

/// A clock that only moves when a query runs; every call is written down.
struct Fake {
  double now = 5000;
  std::string engine;
  std::vector<std::pair<std::string, int64_t>> calls;
  std::function<double(size_t call, const std::string& engine)> cost = [](size_t, auto&) {
    return 10.0;
  };

  RunHooks hooks() {
    return {.query =
                [this](int64_t sample) {
                  calls.emplace_back(engine, sample);
                  now += cost(calls.size() - 1, engine);
                },
            .set_engine = [this](const std::string& name) { engine = name; },
            .clock = [this] { return now; }};
  }
};

const Profile kShort = {.name = "smoke", .count = 11};

TEST(Runner, WarmUpIsNotTimedAndTheCountIsMet) {
  Fake fake;
  const auto runs = run_single({.profile = kShort}, fake.hooks());
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].warmup_n, 6);
  EXPECT_TRUE(runs[0].warm);
  EXPECT_EQ(runs[0].queries.size(), 11U);
  EXPECT_EQ(fake.calls.size(), 17U);
  EXPECT_DOUBLE_EQ(runs[0].duration_s, 0.110);
  for (size_t i = 0; i < 11; ++i) {
    EXPECT_DOUBLE_EQ(runs[0].queries[i].latency_ms, 10);
    EXPECT_DOUBLE_EQ(runs[0].queries[i].start_ms, 10.0 * static_cast<double>(i));
  }
}

TEST(Runner, BothCountAndDurationEndARun) {
  const struct {
    Profile profile;
    size_t want;
  } rows[] = {
      {{.name = "a", .count = 11, .duration_s = 0}, 11},
      {{.name = "b", .count = 11, .duration_s = 0.05}, 11},
      {{.name = "c", .count = 3, .duration_s = 0.2}, 20},
  };
  for (const auto& r : rows) {
    Fake fake;
    EXPECT_EQ(run_single({.profile = r.profile}, fake.hooks())[0].queries.size(), r.want);
  }
}

TEST(Runner, WarmUpFollowsItsMedians) {
  const struct {
    std::vector<double> latencies;
    bool warm;
  } rows[] = {
      {{10, 10, 10, 10, 10}, false},           {{10, 10, 10, 10, 10, 10}, true},
      {{90, 20, 10, 10, 10, 10}, false},       {{90, 10.9, 9, 10, 10, 10}, true},
      {{90, 20, 10, 10, 10, 10, 10}, true},    {{10, 10, 10, 11, 11, 11}, true},
      {{10, 10, 10, 11.1, 11.1, 11.1}, false}, {{11.1, 11.1, 11.1, 10, 10, 10}, false},
  };
  for (const auto& r : rows) EXPECT_EQ(is_warm(r.latencies), r.warm) << r.latencies.size();
}

TEST(Runner, WarmUpThatDoesNotEndIsLimited) {
  // Every query takes a third longer than the one before.
  const auto rising = [](size_t call, auto&) {
    return 100 * std::pow(1.3, static_cast<double>(call));
  };
  Fake by_time;
  by_time.cost = rising;
  const auto timed = run_single({.profile = kShort, .warmup_limit_s = 5}, by_time.hooks());
  EXPECT_FALSE(timed[0].warm);
  EXPECT_EQ(timed[0].warmup_n, 11);  // 100 (1.3^11 - 1) / 0.3 ms is the first sum above 5 s
  Fake by_count;
  by_count.cost = rising;
  const auto counted =
      run_single({.profile = kShort, .warmup_limit_s = 0, .warmup_limit_n = 20}, by_count.hooks());
  EXPECT_FALSE(counted[0].warm);
  EXPECT_EQ(counted[0].warmup_n, 20);
  EXPECT_EQ(counted[0].queries.size(), 11U);
}

TEST(Runner, SamplesComeInShuffledWholeCycles) {
  SampleOrder order(8, 1), same(8, 1), other(8, 2);
  std::vector<std::vector<int64_t>> cycles(20);
  bool differs = false;
  for (auto& cycle : cycles) {
    for (int i = 0; i < 8; ++i) {
      cycle.push_back(order.next());
      EXPECT_EQ(cycle.back(), same.next());
      differs |= cycle.back() != other.next();
    }
    EXPECT_EQ(std::set<int64_t>(cycle.begin(), cycle.end()).size(), 8U);
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(std::set<std::vector<int64_t>>(cycles.begin(), cycles.end()).size(), 15U);
  SampleOrder one(1, 3);
  EXPECT_EQ(one.next() + one.next(), 0);
}

TEST(Runner, EnginesAlternateOnTheSameSamples) {
  Fake fake;
  fake.cost = [](size_t, const std::string& engine) { return engine == "a" ? 20.0 : 10.0; };
  const auto runs = run_single({.profile = kShort, .engines = {"a", "b"}}, fake.hooks());
  ASSERT_EQ(runs.size(), 2U);
  ASSERT_EQ(fake.calls.size(), 34U);
  for (size_t i = 0; i < fake.calls.size(); i += 2) {
    EXPECT_EQ(fake.calls[i].first, "a");
    EXPECT_EQ(fake.calls[i + 1].first, "b");
    EXPECT_EQ(fake.calls[i].second, fake.calls[i + 1].second);
  }
  EXPECT_DOUBLE_EQ(runs[0].duration_s, 0.22);
  EXPECT_DOUBLE_EQ(runs[1].duration_s, 0.11);
  EXPECT_DOUBLE_EQ(runs[1].queries[0].start_ms, 20);
}

TEST(Runner, FailuresAreCountedAndEndARunThatOnlyFails) {
  Fake some;
  some.cost = [](size_t call, auto&) -> double {
    if (call % 10 == 8) throw std::runtime_error("call " + std::to_string(call));
    return 10;
  };
  const auto a = run_single({.profile = kShort}, some.hooks());
  EXPECT_EQ(a[0].errors, 1);
  EXPECT_EQ(a[0].first_error(), "call 8");
  EXPECT_EQ(a[0].latencies_ms().size(), 10U);
  Fake all;
  all.cost = [](size_t call, auto&) -> double {
    if (call >= 6) throw std::runtime_error("no");
    return 10;
  };
  const auto b = run_single({.profile = {.name = "x", .count = 5, .duration_s = 1}}, all.hooks());
  EXPECT_EQ(b[0].errors, 5);
  EXPECT_TRUE(b[0].latencies_ms().empty());
  Fake at_once;
  at_once.cost = [](size_t, auto&) -> double { throw std::runtime_error("broken"); };
  EXPECT_THROW(run_single({.profile = kShort}, at_once.hooks()), std::runtime_error);
}

TEST(Runner, CancellationEndsTheRun) {
  Fake fake;
  RunHooks hooks = fake.hooks();
  hooks.check_cancelled = [&] {
    if (fake.calls.size() == 9) throw Error(Code::kCancelled, "cancelled");
  };
  EXPECT_THROW(run_single({.profile = kShort}, hooks), Error);
  EXPECT_EQ(fake.calls.size(), 9U);
}

TEST(Runner, HostUseIsWhatTheQueriesCost) {
  Fake fake;
  RunHooks hooks = fake.hooks();
  hooks.query = [&](int64_t) {
    std::vector<char> block(32 << 20, 1);
    fake.now += block[fake.calls.size()] * 10.0;
    const double until = now_ms() + 5;
    while (now_ms() < until) {
    }
  };
  const HostUse use = run_single({.profile = kShort}, hooks)[0].host;
  EXPECT_GT(use.hwm_mib, 32);
  EXPECT_GT(use.wall_s, 0.05);
  EXPECT_GT(use.cpu_s, 0.01);
  EXPECT_GT(use.minflt, 0);
}

StageConfig config() {
  return {.stage = "rvc.f0",
          .engine = "fused",
          .weights = "random",
          .profile = kShort,
          .clip_s = 5,
          .samples = 8,
          .threads = 2};
}

TEST(StageRow, FiguresOfAKnownRun) {
  Fake fake;
  fake.cost = [](size_t call, auto&) { return call == 10 ? 21.0 : 10.0; };
  const EngineRun run = run_single({.profile = kShort}, fake.hooks())[0];
  const StageResult r =
      stage_row(config(), {"r1", "2026-01-01T00:00:00Z", "00ff", "abc+", "rvc_f0_ms"}, run);
  const auto json = r.row.to_json();
  const struct {
    const char* column;
    nlohmann::json want;
  } rows[] = {
      {"kind", "stage"},
      {"label", "rvc.f0"},
      {"profile", "smoke"},
      {"engine", "fused"},
      {"clip_s", 5.0},
      {"weights", "random"},
      {"n", 11},
      {"n_err", 0},
      {"warmup_n", 6},
      {"duration_s", 0.121},
      {"valid", 0},
      {"mean_ms", 11.0},
      {"min_ms", 10.0},
      {"max_ms", 21.0},
      {"p50_ms", 10.0},
      {"rvc_f0_ms", 10.0},
      {"es_p50_ms", 21.0},
      {"p90_ms", nullptr},
      {"es_p90_ms", nullptr},
      {"rtf", 0.0022},
      {"invalid_reason", "accuracy"},
      {"warnings", "noisy;dirty_build"},
      {"util_source", "none"},
      {"sm_active_pct", nullptr},
      {"nvml_proc_peak_mib", nullptr},
      {"cold_ms", nullptr},
      {"acc_pass", nullptr},
      {"rvc_ms", nullptr},
      {"frames", nullptr},
      {"run_id", "r1"},
      {"env_hash", "00ff"},
      {"build", "abc+"},
      {"overlap", "-"},
      {"config_hash", canonical_hash(to_json(config()))},
  };
  for (const auto& row : rows) {
    if (row.want.is_number_float())
      EXPECT_NEAR(json[row.column].get<double>(), row.want.get<double>(), 1e-9) << row.column;
    else
      EXPECT_EQ(nlohmann::json(json[row.column]), row.want) << row.column;
  }
}

TEST(StageRow, RatesOfABatchAreThoseOfAClip) {
  Fake fake;
  StageConfig batched = config();
  batched.batch = 4;
  const EngineRun run = run_single({.profile = kShort}, fake.hooks())[0];
  const BenchRow row = stage_row(batched, {.column = "vocoder_ms"}, run).row;
  EXPECT_EQ(row.number("batch"), 4);
  EXPECT_EQ(row.number("p50_ms"), 10);
  EXPECT_EQ(row.number("vocoder_ms"), 2.5);
  EXPECT_NEAR(row.number("clips_per_s"), 400, 1e-9);
  EXPECT_NEAR(row.number("rtf"), 0.0005, 1e-12);
  EXPECT_NEAR(row.number("in_flight"), 4, 1e-9);
}

TEST(StageRow, ARunWithoutASuccessHasNoLatency) {
  EngineRun run{.engine = "fused", .queries = {{.error = "no"}}, .errors = 1, .warm = true};
  const StageResult r = stage_row(config(), {.column = "rvc_f0_ms"}, run);
  for (const char* column : {"mean_ms", "p50_ms", "rtf", "rvc_f0_ms", "ci_mean_lo_ms"})
    EXPECT_TRUE(r.row.to_json()[column].is_null()) << column;
  EXPECT_EQ(r.row.number("n"), 1);
  EXPECT_EQ(codes(r.invalid), "min_count;early_stopping;errors;accuracy");
}

TEST(StageRow, EveryPartOfTheConfigurationIsInItsHash) {
  const std::string base = canonical_hash(to_json(config()));
  void (*const changes[])(StageConfig&) = {
      [](StageConfig& c) { c.stage = "rvc.synth"; },
      [](StageConfig& c) { c.batch = 2; },
      [](StageConfig& c) { c.engine = "ref"; },
      [](StageConfig& c) { c.weights = "pack"; },
      [](StageConfig& c) { c.profile.count = 12; },
      [](StageConfig& c) { c.clip_s = 5.5; },
      [](StageConfig& c) { c.samples = 9; },
      [](StageConfig& c) { c.threads = 1; },
      [](StageConfig& c) { c.seed = 1; },
      [](StageConfig& c) { c.models["f0"] = "aa"; },
      [](StageConfig& c) { c.inputs_sha256 = "b"; },
      [](StageConfig& c) {
        c.work = {{"frames", 1}};
      },
  };
  std::set<std::string> seen = {base};
  for (const auto change : changes) {
    StageConfig c = config();
    change(c);
    EXPECT_TRUE(seen.insert(canonical_hash(to_json(c))).second);
  }
}

}  // namespace
}  // namespace vl::bench
