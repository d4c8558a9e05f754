#include "vl/stages/fit_durations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/code_of.h"
#include "vl/core/error.h"

namespace vl::stages {
namespace {

using text::SymbolKind;

constexpr double kFrame = 256.0 / 22050.0;

struct Line {
  std::vector<double> frames;
  std::vector<SymbolKind> kinds;
};

/// 40 sonorants of 8 frames, 30 obstruents of 6, 6 pauses of 10.
Line line() {
  Line out;
  for (int i = 0; i < 76; ++i) {
    const SymbolKind kind = i % 13 == 12 ? SymbolKind::kPause
                            : i % 12 < 7 ? SymbolKind::kSonorant
                                         : SymbolKind::kObstruent;
    out.kinds.push_back(kind);
    out.frames.push_back(kind == SymbolKind::kPause      ? 10.4
                         : kind == SymbolKind::kSonorant ? 8.3
                                                         : 6.2);
  }
  return out;
}

double natural(const Line& l) { return std::accumulate(l.frames.begin(), l.frames.end(), 0.0); }

FittedDurations fit(const Line& l, double share) {
  return fit_durations(l.frames, l.kinds, std::llround(share * natural(l)), kFrame);
}

int64_t total(const FittedDurations& f) {
  return std::accumulate(f.frames.begin(), f.frames.end(), int64_t{0});
}

/// Mean change of one kind.
double factor(const Line& l, const FittedDurations& f, SymbolKind kind) {
  double before = 0, after = 0;
  for (size_t i = 0; i < l.frames.size(); ++i)
    if (l.kinds[i] == kind) before += l.frames[i], after += static_cast<double>(f.frames[i]);
  return after / before;
}

TEST(FitDurations, TheSumIsTheTargetInsideTheLimits) {
  const Line l = line();
  for (double share : {0.78, 0.84, 0.9, 0.95, 0.999, 1.0, 1.02, 1.1, 1.17}) {
    const FittedDurations f = fit(l, share);
    EXPECT_EQ(total(f), std::llround(share * natural(l))) << share;
    EXPECT_EQ(f.excess, 0);
    EXPECT_EQ(f.missing, 0);
    EXPECT_NEAR(f.rate * f.stretch, 1 / share, 1e-2);
    for (size_t i = 0; i < l.frames.size(); ++i) EXPECT_GE(f.frames[i], 0);
  }
}

TEST(FitDurations, VowelsAndPausesGiveConsonantsAreProtected) {
  const Line l = line();
  const FittedDurations f = fit(l, 0.85);
  EXPECT_GT(factor(l, f, SymbolKind::kObstruent), 1 / 1.06);
  EXPECT_LT(factor(l, f, SymbolKind::kSonorant), 0.9);
  EXPECT_LT(factor(l, f, SymbolKind::kPause), 0.8);
  EXPECT_DOUBLE_EQ(f.stretch, 1.0);
  const FittedDurations slow = fit(l, 1.1);
  EXPECT_LT(factor(l, slow, SymbolKind::kObstruent), 1.06);
  EXPECT_GT(factor(l, slow, SymbolKind::kSonorant), 1.06);
  EXPECT_GT(factor(l, slow, SymbolKind::kPause), 1.2);
}

TEST(FitDurations, BeyondTheRateEverythingIsStretchedThenTheRestIsSaid) {
  const Line l = line();
  const FittedDurations both = fit(l, 0.79);
  EXPECT_NEAR(both.rate, 1.2, 0.01);
  EXPECT_GT(both.stretch, 1.02);
  EXPECT_EQ(both.excess, 0);
  const FittedDurations hard = fit(l, 0.5);
  EXPECT_NEAR(hard.rate * hard.stretch, 1.32, 0.01);
  EXPECT_EQ(hard.excess, total(hard) - std::llround(0.5 * natural(l)));
  EXPECT_GT(hard.excess, 0);
  const FittedDurations easy = fit(l, 2.0);
  EXPECT_NEAR(easy.rate, 0.85, 0.01);
  EXPECT_EQ(easy.missing, std::llround(2.0 * natural(l)) - total(easy));
}

TEST(FitDurations, PausesKeepForty) {
  const Line l{{3, 100, 4}, {SymbolKind::kPause, SymbolKind::kSonorant, SymbolKind::kPause}};
  const FittedDurations f = fit_durations(l.frames, l.kinds, 92, kFrame);
  EXPECT_EQ(f.frames[0], 3);  // 3 frames are 35 ms
  EXPECT_GE(f.frames[2], 3);
  EXPECT_EQ(total(f), 92);
}

TEST(FitDurations, OneSymbolAndBadDurations) {
  EXPECT_EQ(fit_durations({10.0}, {SymbolKind::kObstruent}, 10, kFrame).frames[0], 10);
  const auto bad = [](std::vector<double> frames) {
    return test::code_of([&] {
      fit_durations(frames, std::vector<SymbolKind>(frames.size(), SymbolKind::kSonorant), 10,
                    kFrame);
    });
  };
  EXPECT_EQ(bad({}), Code::kBadValue);
  EXPECT_EQ(bad({0.0, 0.0}), Code::kBadValue);
  EXPECT_EQ(bad({-1.0, 3.0}), Code::kBadValue);
  EXPECT_EQ(bad({NAN}), Code::kBadValue);
}

}  // namespace
}  // namespace vl::stages
