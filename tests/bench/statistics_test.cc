#include "vl/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace vl::bench {
namespace {

/// 1, 2, ... n: the value at an index tells the index.
std::vector<double> ramp(size_t n) {
  std::vector<double> out(n);
  std::iota(out.begin(), out.end(), 1.0);
  return out;
}

TEST(Statistics, PercentileIsTheValueAtFloorOfNTimesP) {
  const struct {
    size_t n;
    Permille p;
    double want;
  } rows[] = {
      {1, 500, 1},      {1, 990, 1},     {2, 500, 2},       {3, 500, 2},     {10, 900, 10},
      {11, 500, 6},     {64, 900, 58},   {100, 500, 51},    {100, 970, 98},  {100, 990, 100},
      {100, 1000, 100}, {662, 990, 656}, {1000, 999, 1000}, {200, 950, 191}, {100, 0, 1},
  };
  for (const auto& r : rows)
    EXPECT_EQ(percentile(ramp(r.n), r.p), r.want) << "n " << r.n << " p " << r.p;
}

TEST(Statistics, LeastCountsAreThoseOfTheTable) {
  const Permille percentiles[] = {500, 900, 950, 970, 990, 999};
  const struct {
    int64_t t;
    int64_t n[6];
  } rows[] = {
      {1, {11, 64, 130, 219, 662, 6636}},     {2, {14, 81, 165, 277, 838, 8403}},
      {3, {17, 97, 198, 332, 1001, 10042}},   {5, {22, 127, 259, 433, 1307, 13105}},
      {10, {35, 197, 398, 667, 2010, 20140}},
  };
  for (const auto& r : rows)
    for (size_t i = 0; i < 6; ++i)
      EXPECT_EQ(least_count(percentiles[i], r.t), r.n[i]) << "t " << r.t << " p " << percentiles[i];
}

TEST(Statistics, TheEstimateIsTheTthWorst) {
  const struct {
    size_t n;
    Permille p;
    double want;  // 0: none
  } rows[] = {
      {10, 500, 0},    {11, 500, 11},     {14, 500, 13},  {17, 500, 15},     {63, 900, 0},
      {64, 900, 64},   {80, 900, 80},     {81, 900, 80},  {97, 900, 95},     {661, 990, 0},
      {662, 990, 662}, {1307, 990, 1303}, {6635, 999, 0}, {6636, 999, 6636},
  };
  for (const auto& r : rows) {
    EXPECT_EQ(early_stopping_estimate(ramp(r.n), r.p).value_or(0), r.want)
        << "n " << r.n << " p " << r.p;
    EXPECT_EQ(printable_percentile(ramp(r.n), r.p).has_value(), r.want > 0);
  }
}

TEST(Statistics, MomentsOfKnownValues) {
  const Moments m = moments({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_DOUBLE_EQ(m.mean, 5);
  EXPECT_DOUBLE_EQ(m.sd, std::sqrt(32.0 / 7));
  EXPECT_DOUBLE_EQ(m.cv(), m.sd / 5);
  EXPECT_EQ(moments({3}).sd, 0);
}

TEST(Statistics, BlocksAreTheCubeRootRoundedUp) {
  const struct {
    int64_t n, block;
  } rows[] = {{1, 1}, {2, 2}, {8, 2}, {9, 3}, {27, 3}, {64, 4}, {65, 5}, {662, 9}, {24576, 30}};
  for (const auto& r : rows) EXPECT_EQ(block_length(r.n), r.block) << r.n;
}

TEST(Statistics, BootstrapIsRepeatableAndFollowsItsSeed) {
  std::vector<double> values;
  for (int i = 0; i < 64; ++i) values.push_back(100 + (i * 37) % 64 + 0.001 * i * i);
  const Confidence a = bootstrap(values, 7), again = bootstrap(values, 7), b = bootstrap(values, 8);
  EXPECT_EQ(a.mean.lo, again.mean.lo);
  EXPECT_EQ(a.p50.hi, again.p50.hi);
  EXPECT_NE(a.mean.lo, b.mean.lo);
  EXPECT_LT(a.mean.lo, 132.8);
  EXPECT_GT(a.mean.hi, 132.8);
  EXPECT_LE(a.p50.lo, 133.17);
  EXPECT_GE(a.p50.hi, 133.16);
  const Confidence flat = bootstrap(std::vector<double>(20, 3.0), 1);
  EXPECT_EQ(flat.mean.lo, 3.0);
  EXPECT_EQ(flat.p50.hi, 3.0);
}

TEST(Statistics, BlocksKeepWhatNeighboursShare) {
  // A slow wave: neighbours agree, so the mean is less certain than for the same values mixed.
  std::vector<double> wave, mixed;
  for (int i = 0; i < 343; ++i) wave.push_back(100 + 10 * std::sin(i * 2 * 3.14159265 / 49));
  mixed = wave;
  std::shuffle(mixed.begin(), mixed.end(), std::mt19937_64(1));
  const Interval a = bootstrap(wave, 1).mean, b = bootstrap(mixed, 1).mean;
  EXPECT_GT(a.hi - a.lo, 1.5 * (b.hi - b.lo));
}

}  // namespace
}  // namespace vl::bench
