#include "vl/pipeline/graph.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "vl/core/error.h"

namespace vl::pipeline {
namespace {

void pause_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST(Graph, CarriesItemsInOrderThroughAChainOfStages) {
  Graph graph;
  auto& a = graph.channel<int>(4);
  auto& b = graph.channel<int>(2);
  std::vector<int> seen;
  graph.stage("source", [&](RunState&) {
    for (int i = 0; i < 1000; ++i) a.push(i);
    a.close();
  });
  graph.stage("double", [&](RunState&) {
    while (auto x = a.pop()) b.push(2 * *x);
    b.close();
  });
  graph.stage("sink", [&](RunState&) {
    while (auto x = b.pop()) seen.push_back(*x);
  });
  graph.run();
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], 2 * i);
}

TEST(Graph, AFullChannelBlocksItsProducer) {
  Graph graph;
  auto& frames = graph.channel<int>(3);
  std::atomic<int> made{0}, most_ahead{0}, taken{0};
  graph.stage("fast", [&](RunState&) {
    for (int i = 0; i < 50; ++i) {
      frames.push(i);
      ++made;
      most_ahead = std::max(most_ahead.load(), made.load() - taken.load());
    }
    frames.close();
  });
  graph.stage("slow", [&](RunState&) {
    while (frames.pop()) {
      ++taken;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  graph.run();
  EXPECT_EQ(taken.load(), 50);
  EXPECT_LE(most_ahead.load(), 5);  // three in the queue, one in each hand
}

TEST(Graph, AnItemDearerThanTheBoundStillPasses) {
  Graph graph;
  auto& c = graph.channel<int>(1.0);
  int got = 0;
  graph.stage("a", [&](RunState&) { c.push(7, 5.0), c.close(); });
  graph.stage("b", [&](RunState&) { got = c.pop().value_or(0); });
  graph.run();
  EXPECT_EQ(got, 7);
}

TEST(Graph, TheFirstErrorStopsEveryStageAndIsTheOneReported) {
  Graph graph;
  auto& never = graph.channel<int>(1);
  auto& value = graph.value<int>();
  graph.stage("waits for an item", [&](RunState&) { never.pop(); });
  graph.stage("waits for a value", [&](RunState&) { value.get(); });
  graph.stage("fails", [&](RunState&) { fail(Code::kNoFace, "no face"); });
  graph.stage("computes", [&](RunState& run) {
    while (true) run.check(), std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  try {
    graph.run();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNoFace);
  }
}

TEST(Graph, CancelEndsWithinASecondAsAnError) {
  std::atomic<bool> cancelled{false};
  Graph graph([&] { return cancelled.load(); });
  auto& never = graph.channel<int>(1);
  graph.stage("lips", [&](RunState&) { never.pop(); });
  graph.stage("user", [&](RunState&) { cancelled = true; });
  const auto begin = std::chrono::steady_clock::now();
  try {
    graph.run();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kCancelled);
    EXPECT_EQ(e.exit(), 10);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(Graph, TimesSeparateWaitingFromWork) {
  Graph graph;
  auto& value = graph.value<int>();
  graph.stage("works", [&](RunState&) { pause_ms(120), value.set(1); });
  graph.stage("waits", [&](RunState&) { value.get(), pause_ms(40); });
  graph.run();
  ASSERT_EQ(graph.times().size(), 2u);
  EXPECT_GE(graph.times()[0].busy_ms(), 115);
  EXPECT_LT(graph.times()[0].wait_ms, 20);
  EXPECT_GE(graph.times()[1].wait_ms, 80);
  EXPECT_GE(graph.times()[1].busy_ms(), 35);
}

TEST(Graph, AStageStartsWhenItsInputsAreThere) {
  Graph graph;
  auto& value = graph.value<int>();
  auto& items = graph.channel<int>(4);
  graph.stage("works", [&](RunState&) { pause_ms(60), value.set(1), pause_ms(60), items.close(); });
  graph.stage("after", {&value, &items}, [&](RunState&) { pause_ms(20); });
  graph.run();
  const StageTimes& after = graph.times()[1];
  EXPECT_GE(after.start_ms, 119);
  EXPECT_LT(after.wait_ms, 5);
}

TEST(Graph, AStageThatNeverStartedHasNoTimes) {
  Graph graph;
  auto& never = graph.value<int>();
  graph.stage("fails", [&](RunState&) { fail(Code::kNoFace, "no face"); });
  graph.stage("after", {&never}, [&](RunState&) {});
  EXPECT_THROW(graph.run(), Error);
  ASSERT_EQ(graph.times().size(), 1u);
  EXPECT_EQ(graph.times()[0].stage, "fails");
}

}  // namespace
}  // namespace vl::pipeline
