#include "vl/kernels/team.h"

#include <vector>

#include <gtest/gtest.h>

#include "vl/kernels/parallel.h"

namespace vl {
namespace {

TEST(Team, PhasesSeeWhatTheOthersWrote) {
  std::vector<int64_t> data(1000, 1);
  std::atomic<int> wrong = 0, members = 0;
  kernels::run_team([&](const kernels::TeamMember& me) {
    ++members;
    for (int phase = 0; phase < 200; ++phase) {
      const auto part = me.share(1000, 16);
      for (int64_t i = part.begin; i < part.end; ++i) ++data[static_cast<size_t>(i)];
      me.wait();
      for (const int64_t v : data) wrong += v != phase + 2;
      me.wait();
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(members, kernels::team_threads());
}

TEST(Team, SharesCoverEverythingOnce) {
  for (const int64_t count : {0, 1, 15, 16, 17, 1025})
    for (int threads = 1; threads < 6; ++threads) {
      int64_t next = 0;
      for (int t = 0; t < threads; ++t) {
        const auto part = kernels::TeamMember{t, threads, nullptr}.share(count, 16);
        EXPECT_EQ(part.begin, next);
        EXPECT_TRUE(part.end == count || part.end % 16 == 0);
        next = part.end;
      }
      EXPECT_EQ(next, count);
    }
}

TEST(Team, InsideAParallelLoopAThreadIsAlone) {
  std::atomic<int> members = 0;
  kernels::parallel_for(4, [&](int64_t, int) {
    kernels::run_team([&](const kernels::TeamMember& me) { members += me.threads; });
  });
  EXPECT_EQ(members, 4);
}

}  // namespace
}  // namespace vl
