#include "vl/core/thread_pool.h"

#include <atomic>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

namespace vl {
namespace {

TEST(ThreadPool, FuturesHoldResultsAndExceptions) {
  ThreadPool pool(3);
  EXPECT_EQ(pool.size(), 3);
  auto number = pool.submit([] { return 42; });
  auto thrown = pool.submit([]() -> int { throw std::runtime_error("no"); });
  auto nothing = pool.submit([] {});
  EXPECT_EQ(number.get(), 42);
  EXPECT_THROW(thrown.get(), std::runtime_error);
  nothing.get();
}

TEST(ThreadPool, DestructorDrains) {
  std::atomic<int> ran{0};
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) pool.submit([&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPool pool(0);
    EXPECT_EQ(pool.size(), 1);
    for (int i = 0; i < 50; ++i) pool.submit([&, i] { order.push_back(i); });
  }
  std::vector<int> want(50);
  std::iota(want.begin(), want.end(), 0);
  EXPECT_EQ(order, want);
}

TEST(ParallelFor, EveryIndexOnce) {
  const struct {
    int threads;
    int64_t count, grain;
  } cases[] = {{1, 0, 1}, {1, 1, 1},    {4, 1000, 1}, {4, 1000, 7},
               {2, 5, 0}, {4, 3, 1000}, {3, -1, 1}};
  for (const auto& c : cases) {
    ThreadPool pool(c.threads);
    std::vector<std::atomic<int>> seen(static_cast<size_t>(std::max<int64_t>(c.count, 0)));
    parallel_for(
        pool, c.count, [&](int64_t i) { ++seen[static_cast<size_t>(i)]; }, c.grain);
    for (const auto& n : seen) EXPECT_EQ(n, 1) << c.threads << " " << c.count << " " << c.grain;
  }
}

TEST(ParallelFor, FirstExceptionStopsTheLoop) {
  ThreadPool pool(2);
  std::atomic<int> ran{0};
  EXPECT_THROW(parallel_for(pool, 1000000,
                            [&](int64_t i) {
                              ++ran;
                              if (i == 10) throw std::runtime_error("no");
                            }),
               std::runtime_error);
  EXPECT_LT(ran, 1000000);
}

TEST(ParallelFor, MayBeNested) {
  ThreadPool pool(2);
  std::atomic<int> ran{0};
  parallel_for(pool, 8, [&](int64_t) { parallel_for(pool, 8, [&](int64_t) { ++ran; }); });
  EXPECT_EQ(ran, 64);
}

}  // namespace
}  // namespace vl
