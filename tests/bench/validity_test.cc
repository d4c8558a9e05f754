#include "vl/bench/validity.h"

#include <gtest/gtest.h>

#include "tests/core/support.h"

namespace vl::bench {
namespace {

/// A run that nothing is wrong with.
RunFacts good() {
  RunFacts out;
  for (int i = 0; i < 64; ++i) out.latencies_ms.push_back(200 + i % 4);
  out.duration_s = 12;
  out.accuracy = true;
  return out;
}

TEST(Validity, ProfilesAreThoseOfTheTable) {
  const struct {
    const char* name;
    int64_t count;
    double duration_s;
  } rows[] = {{"smoke", 11, 0}, {"standard", 64, 10}, {"full", 662, 60}, {"mlperf", 662, 600}};
  for (const auto& r : rows) {
    const Profile& p = find_profile(r.name);
    EXPECT_EQ(p.count, r.count);
    EXPECT_EQ(p.duration_s, r.duration_s);
    EXPECT_LE(least_count(p.headline), p.count);
  }
  EXPECT_EQ(test::outcome_of([] { find_profile("smokey"); }),
            "E0202 profile cannot be \"smokey\"; it is one of smoke standard full mlperf; did you "
            "mean \"smoke\"?");
}

TEST(Validity, EachReasonIsProvokedOnce) {
  const struct {
    const char* codes;
    void (*spoil)(RunFacts&);
    const char* figure;  // must stand in the sentence
  } rows[] = {
      {"", [](RunFacts&) {}, ""},
      {"min_duration", [](RunFacts& r) { r.duration_s = 9.99; }, "9.99 s"},
      {"min_count;early_stopping", [](RunFacts& r) { r.latencies_ms.pop_back(); }, "63"},
      {"warmup", [](RunFacts& r) { r.warm = false; }, "10 %"},
      {"unstable",
       [](RunFacts& r) {
         for (size_t i = 44; i < 64; ++i) r.latencies_ms[i] = 230;
       },
       "1.1"},
      {"unstable",
       [](RunFacts& r) {
         for (size_t i = 0; i < 64; ++i)
           r.latencies_ms[i] = i % 4 == 0 ? 150 : i % 4 == 1 ? 250 : 200;
       },
       "25.0 %"},
      {"errors", [](RunFacts& r) { r.errors = 2, r.first_error = "disk full"; }, "2 of 66"},
      {"accuracy", [](RunFacts& r) { r.accuracy.reset(); }, "no accuracy run"},
      {"accuracy", [](RunFacts& r) { r.accuracy = false; }, "missed its gate"},
      {"warmup;errors;accuracy",
       [](RunFacts& r) { r.warm = false, r.errors = 1, r.accuracy.reset(); }, ""},
  };
  for (const auto& r : rows) {
    RunFacts run = good();
    r.spoil(run);
    const std::vector<Remark> got = invalid_reasons(run, find_profile("standard"));
    EXPECT_EQ(codes(got), r.codes);
    if (!got.empty()) {
      EXPECT_NE(got[0].sentence.find(r.figure), std::string::npos) << got[0].sentence;
    }
  }
}

TEST(Validity, SmokeNeedsOnlyWhatItsMedianNeeds) {
  RunFacts run = good();
  run.latencies_ms.resize(11);
  run.duration_s = 0.1;
  EXPECT_EQ(codes(invalid_reasons(run, find_profile("smoke"))), "");
  EXPECT_EQ(codes(invalid_reasons(run, find_profile("full"))),
            "min_duration;min_count;early_stopping");
}

TEST(Validity, ARunWithoutASingleSuccessIsStillJudged) {
  const RunFacts run{.latencies_ms = {}, .errors = 11, .first_error = "out of memory"};
  EXPECT_EQ(codes(invalid_reasons(run, find_profile("smoke"))),
            "min_count;early_stopping;errors;accuracy");
  EXPECT_EQ(codes(warnings(run)), "");
}

TEST(Validity, Warnings) {
  RunFacts run = good();
  EXPECT_EQ(codes(warnings(run)), "");
  run.dirty = true;
  for (size_t i = 0; i < 64; i += 8) run.latencies_ms[i] = 230;
  EXPECT_EQ(codes(warnings(run)), "noisy;dirty_build");
}

}  // namespace
}  // namespace vl::bench
