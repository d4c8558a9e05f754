#include "vl/dsp/f0_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using Doubles = std::vector<double>;

struct GoodRow {
  const char* name;
  std::string text;
  Doubles seconds, hz;
};

TEST(F0File, Read) {
  const GoodRow rows[] = {
      {"two lines", "0,220\n0.5,230.5\n", {0, 0.5}, {220, 230.5}},
      {"no newline at the end", "0,220\n1,0", {0, 1}, {220, 0}},
      {"CRLF and blank lines", "\r\n0.1,100\r\n\r\n  \n0.2,200\r\n", {0.1, 0.2}, {100, 200}},
      {"blanks, signs, exponents", " +1e-1 ,\t+1.5e2 \n", {0.1}, {150}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "0,50",
       {0},
       {50}},
      {"equal times", "1,100\n1,200\n", {1, 1}, {100, 200}},
      {"before time 0", "-0.5,100\n", {-0.5}, {100}},
  };
  for (const GoodRow& row : rows) {
    const F0Curve got = parse_f0_file(row.text, "f0.csv");
    EXPECT_EQ(got.seconds, row.seconds) << row.name;
    EXPECT_EQ(got.hz, row.hz) << row.name;
  }
}

struct BadRow {
  const char* name;
  std::string text;
  long line;  ///< 0: of the whole file
};

TEST(F0File, Refused) {
  const BadRow rows[] = {
      {"empty", "", 0},
      {"only blank lines", "\n\r\n \n", 0},
      {"a heading", "time,hz\n0,220\n", 1},
      {"one number", "0,220\n\n1\n", 3},
      {"three numbers", "0,220,1\n", 1},
      {"nothing after the comma", "0,220\n1,\n", 2},
      {"semicolon", "0;220\n", 1},
      {"more after the number", "0,220Hz\n", 1},
      {"two signs", "+-1,220\n", 1},
      {"not a number", "0,nan\n", 1},
      {"infinite", "inf,220\n", 1},
      {"overflow", "0,1e999\n", 1},
      {"negative pitch", "0,-1\n", 1},
      {"pitch too high", "0,20001\n", 1},
      {"time too large", "1e7,100\n", 1},
      {"times out of order", "0,100\n2,100\n1.999,100\n", 3},
      {"a NUL byte",
       std::string("0,1\0"
                   "00\n",
                   7),
       1},
  };
  for (const BadRow& row : rows) try {
      parse_f0_file(row.text, "f0.csv");
      ADD_FAILURE() << row.name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadValue) << row.name;
      EXPECT_EQ(e.where().file, "f0.csv") << row.name;
      EXPECT_EQ(e.where().line.value_or(0), row.line) << row.name;
    }
}

struct ReplaceRow {
  const char* name;
  F0Curve curve;
  int64_t first;
  Doubles want;  ///< of six frames of 1 Hz
};

TEST(F0File, Replace) {
  const ReplaceRow rows[] = {
      {"between points", {{0, 0.02}, {100, 200}}, 1, {1, 100, 150, 200, 1, 1}},
      {"cut at the end", {{0, 1}, {100, 200}}, 4, {1, 1, 1, 1, 100, 101}},
      {"starts behind the end", {{0, 1}, {100, 200}}, 6, {1, 1, 1, 1, 1, 1}},
      {"far behind the end", {{0, 1}, {100, 200}}, 60, {1, 1, 1, 1, 1, 1}},
      {"one point", {{0}, {70}}, 2, {1, 1, 70, 1, 1, 1}},
      // The frames are counted from the first time, but read from time 0.
      {"a late start is held", {{0.02, 0.04}, {100, 200}}, 0, {100, 100, 100, 1, 1, 1}},
      {"an early start", {{-0.02, 0.02}, {100, 200}}, 0, {150, 175, 200, 200, 200, 1}},
      {"a step", {{0, 0.02, 0.02, 0.03}, {100, 100, 0, 0}}, 0, {100, 100, 0, 0, 1, 1}},
      {"half to even: 2.5 frames are 2", {{0, 0.015}, {100, 115}}, 0, {100, 110, 1, 1, 1, 1}},
      {"float32 times", {{0, 0.07}, {0, 7}}, 0, {0, 1, 2, 3, 4, 5}},
  };
  for (const ReplaceRow& row : rows) {
    at::Tensor f0 = at::ones({6}, at::kDouble);
    replace_f0(f0, row.curve, row.first);
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_NEAR(f0[i].item<double>(), row.want[i], 1e-4) << row.name << ", frame " << i;
  }
}

TEST(F0File, ReplaceChecksItsArguments) {
  at::Tensor f0 = at::ones({6}, at::kDouble), narrow = at::ones({6});
  const F0Curve curve = {{0, 1}, {100, 200}};
  EXPECT_THROW(replace_f0(narrow, curve, 0), Error);
  EXPECT_THROW(replace_f0(f0, curve, -1), Error);
  EXPECT_THROW(replace_f0(f0, {}, 0), Error);
  EXPECT_THROW(replace_f0(f0, {{0, 1}, {100}}, 0), Error);
}

}  // namespace
}  // namespace vl::dsp
