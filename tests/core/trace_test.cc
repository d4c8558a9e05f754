#include "vl/core/trace.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace vl {
namespace {

using nlohmann::json;

TEST(Trace, StageSpanHasTheKeysOfTheContract) {
  const StageSpan span{.stage = "vallex",
                       .start_ms = 12,
                       .end_ms = 60,
                       .busy_ms = 34,
                       .wait_ms = 4,
                       .calls = 2,
                       .cold_ms = 2.5,
                       .device = "cuda:0"};
  EXPECT_EQ(json::parse(span_json(span).dump()),
            json::parse(R"({"stage":"vallex","start_ms":12,"end_ms":60,"busy_ms":34,"wait_ms":4,
                            "calls":2,"cold_ms":2.5,"device":"cuda:0"})"));
  EXPECT_TRUE(span_json({.stage = "fit", .device = {}})["device"].is_null());
}

TEST(Trace, NestedSpansAreKeptApart) {
  double now = 100;
  Trace trace([&] { return now; });
  {
    ScopedSpan outer(&trace, "face");
    now = 110;
    ScopedSpan inner(&trace, "face", "detect");
    inner.arg("n", 4);
    now = 112;
  }
  const auto spans = trace.spans();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].name, "detect");
  EXPECT_EQ(spans[0].start_ms, 10);
  EXPECT_EQ(spans[0].args["n"], 4);
  EXPECT_EQ(spans[1].start_ms, 0);
  EXPECT_EQ(spans[1].end_ms, 12);
}

TEST(Trace, Writers) {
  double now = 0;
  Trace trace([&] { return now; });
  now = 1.5;
  trace.add({.stage = "lips", .name = "batch", .start_ms = 1, .end_ms = 1.5, .args = {{"n", 3}}});
  trace.add({.stage = "mix", .name = "", .start_ms = 2, .end_ms = 3, .args = json::object()});
  const json own = json::parse(trace.to_json().dump());
  const int thread = own[0]["thread"];
  EXPECT_EQ(own[0], json({{"stage", "lips"},
                          {"name", "batch"},
                          {"start_ms", 1.0},
                          {"end_ms", 1.5},
                          {"thread", thread},
                          {"args", {{"n", 3}}}}));
  const json chrome = json::parse(trace.to_chrome().dump());
  EXPECT_EQ(chrome["displayTimeUnit"], "ms");
  EXPECT_EQ(chrome["traceEvents"][0], json({{"name", "batch"},
                                            {"cat", "lips"},
                                            {"ph", "X"},
                                            {"ts", 1000.0},
                                            {"dur", 500.0},
                                            {"pid", 1},
                                            {"tid", thread},
                                            {"args", {{"n", 3}}}}));
  EXPECT_EQ(chrome["traceEvents"][1]["name"], "mix");
}

TEST(Trace, ThreadsAreToldApart) {
  Trace trace;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) ScopedSpan(&trace, "lips").arg("i", i);
    });
  for (std::thread& t : threads) t.join();
  std::set<int> seen;
  for (const TraceSpan& s : trace.spans()) seen.insert(s.thread);
  EXPECT_EQ(trace.spans().size(), 400u);
  EXPECT_EQ(seen.size(), 4u);
}

TEST(Trace, NullIsAllowed) {
  ScopedSpan span(nullptr, "lips");
  span.arg("n", 1);
}

TEST(Clock, NeverGoesBack) {
  const Stopwatch watch;
  double last = now_ms();
  for (int i = 0; i < 1000; ++i) {
    const double next = now_ms();
    EXPECT_GE(next, last);
    last = next;
  }
  EXPECT_GE(watch.ms(), 0);
}

}  // namespace
}  // namespace vl
