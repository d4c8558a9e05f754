#include "vl/stages/sampled_video.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"

namespace vl::stages {
namespace {

std::vector<int64_t> indices(double fps) {
  SampledVideo video(test::source("assets/demo/avatar.mp4").string(), fps);
  std::vector<int64_t> out;
  while (const auto frame = video.next()) out.push_back(frame->index());
  EXPECT_FALSE(video.next());
  return out;
}

TEST(SampledVideo, TheOwnRateChangesNothing) {
  const auto got = indices(25);
  ASSERT_EQ(got.size(), 125U);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], static_cast<int64_t>(i));
}

TEST(SampledVideo, OtherRatesRepeatAndLeaveOut) {
  const auto twice = indices(50), half = indices(12.5), more = indices(30);
  ASSERT_EQ(twice.size(), 250U);
  for (size_t i = 0; i < twice.size(); ++i) EXPECT_EQ(twice[i], static_cast<int64_t>(i / 2));
  ASSERT_EQ(half.size(), 63U);  // 62.5, rounded
  for (size_t i = 0; i + 1 < half.size(); ++i) EXPECT_EQ(half[i], static_cast<int64_t>(2 * i));
  ASSERT_EQ(more.size(), 150U);
  EXPECT_EQ(more.front(), 0);
  EXPECT_EQ(more.back(), 124);
}

TEST(SampledVideo, TicksRoundHalfUp) {
  EXPECT_EQ(tick_of(0.0, 25), 0);
  EXPECT_EQ(tick_of(0.019, 25), 0);
  EXPECT_EQ(tick_of(0.02, 25), 1);
  EXPECT_EQ(tick_of(0.059, 25), 1);
}

}  // namespace
}  // namespace vl::stages
