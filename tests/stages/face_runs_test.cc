#include "vl/stages/face_runs.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/torch_golden.h"

namespace vl::stages {
namespace {

using Sighting = std::optional<IntBox>;

TEST(FaceRuns, GapsAreBridgedAndOtherPlacesBeginARun) {
  std::vector<Sighting> boxes(60);
  boxes[2] = {0, 0, 100, 100};
  boxes[4] = {10, 0, 110, 100};
  boxes[29] = {10, 0, 110, 100};  // 25 frames later: the same run
  boxes[55] = {10, 0, 110, 100};  // 26 later: a new one
  boxes[56] = {80, 0, 180, 100};  // overlaps by less than half
  const auto runs = face_runs(boxes);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].first, 2);
  EXPECT_EQ(runs[0].end(), 30);
  EXPECT_DOUBLE_EQ(runs[0].boxes[1][0], 5);
  EXPECT_DOUBLE_EQ(runs[0].boxes[1][2], 105);
  EXPECT_EQ(runs[1].first, 55);
  EXPECT_EQ(runs[2].end(), 57);
  EXPECT_TRUE(face_runs(std::vector<Sighting>(9)).empty());
}

TEST(FaceRuns, LongRunsAreScoredElseTheLongest) {
  const auto run = [](int64_t first, size_t frames) {
    return FaceRun{first, std::vector<std::array<double, 4>>(frames)};
  };
  const auto firsts = [](const std::vector<FaceRun>& runs) {
    std::vector<int64_t> out;
    for (const FaceRun& r : scored_runs(runs)) out.push_back(r.first);
    return out;
  };
  EXPECT_EQ(firsts({run(0, 100), run(100, 99), run(300, 150)}), (std::vector<int64_t>{0, 300}));
  EXPECT_EQ(firsts({run(0, 50), run(100, 99), run(300, 99)}), (std::vector<int64_t>{100}));
  EXPECT_TRUE(firsts({}).empty());
}

TEST(FaceRuns, SquaresAreTheMediansOfThePublicCode) {
  const auto& g = test::golden("lse/golden.safetensors");
  const at::Tensor boxes = g.at("boxes"), want = g.at("squares");
  std::vector<std::array<double, 4>> run;
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    run.emplace_back();
    for (int64_t j = 0; j < 4; ++j) run.back()[static_cast<size_t>(j)] = boxes[i][j].item<double>();
  }
  const auto got = face_squares(run);
  ASSERT_EQ(static_cast<int64_t>(got.size()), want.size(0));
  for (size_t i = 0; i < got.size(); ++i) {
    const at::Tensor row = want[static_cast<int64_t>(i)];
    EXPECT_EQ(got[i].half, row[0].item<double>()) << i;
    EXPECT_EQ(got[i].x, row[1].item<double>()) << i;
    EXPECT_EQ(got[i].y, row[2].item<double>()) << i;
  }
}

TEST(FaceRuns, AShortRunHasNoZerosBeyondItsEnds) {
  for (const FaceSquare& s : face_squares({{0, 0, 40, 60}, {0, 0, 40, 60}})) {
    EXPECT_EQ(s.half, 30);
    EXPECT_EQ(s.x, 20);
    EXPECT_EQ(s.y, 30);
  }
}

/// Every pixel says where it is.
media::Image places(int width, int height) {
  media::Image out(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      uint8_t* p = out.row(y) + 3 * x;
      p[0] = static_cast<uint8_t>(x), p[1] = static_cast<uint8_t>(y), p[2] = 7;
    }
  return out;
}

TEST(FaceRuns, TheSquareHasItsRowsAndColumns) {
  // half 80, so 224 columns from 120 - 112 and 224 rows from 90 - 80: no change of size.
  const media::Image crop = square_crop(places(250, 240), {.half = 80, .x = 120, .y = 90});
  ASSERT_EQ(crop.width, 224);
  ASSERT_EQ(crop.height, 224);
  EXPECT_EQ(crop.row(0)[0], 8);
  EXPECT_EQ(crop.row(0)[1], 10);
  EXPECT_EQ(crop.row(223)[3 * 223], 231);
  EXPECT_EQ(crop.row(223)[3 * 223 + 1], 233);
}

TEST(FaceRuns, OutsideThePictureIs110) {
  const media::Image crop = square_crop(places(100, 100), {.half = 80, .x = 20, .y = 30});
  // Columns -92 .. 131, rows -50 .. 173.
  EXPECT_EQ(crop.row(49)[3 * 100], 110);
  EXPECT_EQ(crop.row(50)[3 * 91], 110);
  EXPECT_EQ(crop.row(50)[3 * 92 + 1], 0);
  EXPECT_EQ(crop.row(149)[3 * 191], 99);
  EXPECT_EQ(crop.row(149)[3 * 192], 110);
  EXPECT_EQ(crop.row(150)[3 * 191], 110);
  const media::Image nothing = square_crop(places(10, 10), {.half = 0, .x = 5, .y = 5});
  EXPECT_EQ(nothing.width, 224);
}

}  // namespace
}  // namespace vl::stages
