#include "vl/stages/fit_slot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "vl/core/error.h"

namespace vl::stages {
namespace {

Speech tone(double seconds, double silence = 0.0) {
  Speech s{{}, 24000};
  const auto pad = static_cast<size_t>(silence * 24000), n = static_cast<size_t>(seconds * 24000);
  s.samples.assign(pad, 0.0F);
  for (size_t i = 0; i < n; ++i)
    s.samples.push_back(0.5F * std::sin(0.05F * static_cast<float>(i)));
  s.samples.insert(s.samples.end(), pad, 0.0F);
  return s;
}

/// Keeps every k-th sample: the lengths are what this test is about, not the sound.
Speech decimate(const Speech& s, double factor) {
  Speech out{{}, s.rate};
  for (double at = 0; at < static_cast<double>(s.samples.size()); at += factor)
    out.samples.push_back(s.samples[static_cast<size_t>(at)]);
  return out;
}

TEST(FitSlot, StatusAndLimitsFollowTheTable) {
  const struct {
    double share;
    const char* status;
    double overflow;
  } rows[] = {{1.3, "fits", 0},
              {1.0, "fits", 0},
              {0.9, "rate", 0},
              {0.8, "stretch", 0},
              {0.7, "overflow", 0.1727}};
  for (const auto& row : rows) {
    const double slot = 3.0 * row.share;
    const FitResult r = fit_to_slot(tone(3.0), {0.0, slot}, {}, decimate);
    EXPECT_EQ(r.status, row.status) << row.share;
    EXPECT_LE(r.final_s, slot + 1e-3) << row.share;
    EXPECT_NEAR(r.overflow_s, row.overflow, 2e-3) << row.share;
    EXPECT_LE(r.rate * r.stretch, 1.32 + 1e-9);
  }
}

TEST(FitSlot, SilenceAroundALineDoesNotCount) {
  const FitResult r = fit_to_slot(tone(2.0, 0.5), {0.0, 2.1}, {}, decimate);
  EXPECT_EQ(r.status, "fits");
  EXPECT_NEAR(r.natural_s, 2.04, 2e-3);
}

TEST(FitSlot, DigitalSilenceSurvives) {
  Speech silent{std::vector<float>(24000, 0.0F), 24000};
  EXPECT_EQ(trim_silence(silent).samples.size(), 24000u);
  EXPECT_EQ(trim_silence(Speech{{}, 24000}).samples.size(), 0u);
}

TEST(FitSlot, OverflowIsAnErrorWhenAskedFor) {
  FitLimits limits;
  limits.fail_on_overflow = true;
  try {
    fit_to_slot(tone(3.0), {0.0, 1.0}, limits, decimate);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kLineDoesNotFit);
  }
}

TEST(FitSlot, WithoutSpeedUpALongLineIsCutWithAFade) {
  FitLimits limits;
  limits.speed_up = false;
  const FitResult r = fit_to_slot(tone(3.0), {0.0, 2.0}, limits, decimate);
  EXPECT_EQ(r.speech.samples.size(), 48000u);
  EXPECT_EQ(r.rate, 1.0);
  EXPECT_NEAR(r.speech.samples.back(), 0.0F, 1e-6);
}

}  // namespace
}  // namespace vl::stages
