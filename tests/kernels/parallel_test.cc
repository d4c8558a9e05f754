#include "vl/kernels/parallel.h"

#include <atomic>

#include <gtest/gtest.h>

namespace vl {
namespace {

TEST(ParallelFor, EveryIndexOnceWithAThreadInRange) {
  for (int64_t count : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
    std::atomic<bool> outside = false;
    const int threads = kernels::parallel_threads();
    kernels::parallel_for(count, [&](int64_t i, int thread) {
      ++seen[static_cast<size_t>(i)];
      if (thread < 0 || thread >= threads) outside = true;
    });
    for (const auto& n : seen) EXPECT_EQ(n, 1);
    EXPECT_FALSE(outside);
  }
}

TEST(ParallelFor, NestedCallsStayOnTheirThread) {
  std::atomic<int> calls = 0, others = 0;
  kernels::parallel_for(4, [&](int64_t, int) {
    kernels::parallel_for(3, [&](int64_t, int inner) { ++calls, others += inner != 0; });
  });
  EXPECT_EQ(calls, 12);
  EXPECT_EQ(others, 0);
}

}  // namespace
}  // namespace vl
