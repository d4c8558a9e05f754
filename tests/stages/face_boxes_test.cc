#include "vl/stages/face_boxes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/paths.h"

namespace vl::stages {
namespace {

const nlohmann::json& tables() {
  static const nlohmann::json all =
      nlohmann::json::parse(std::ifstream(test::data("parity/wav2lip/post.json")));
  return all;
}

IntBox box(const nlohmann::json& j) { return {j[0], j[1], j[2], j[3]}; }

std::vector<IntBox> boxes(const nlohmann::json& list) {
  std::vector<IntBox> out;
  for (const auto& b : list) out.push_back(box(b));
  return out;
}

TEST(FaceBoxes, SmoothingEqualsTheReferenceTables) {
  for (const auto& row : tables()["smoothing"]) {
    std::vector<IntBox> rows = boxes(row["boxes"]);
    smooth_boxes(rows);
    EXPECT_EQ(rows, boxes(row["smoothed"]));
  }
}

TEST(FaceBoxes, PadsAndTruncationEqualTheReferenceTables) {
  for (const auto& row : tables()["pads"]) {
    const auto& p = row["pads_top_bottom_left_right"];
    EXPECT_EQ(pad_rect(box(row["rect_x1y1x2y2"]), {p[0], p[1], p[2], p[3]}, row["frame_w"],
                       row["frame_h"]),
              box(row["box_x1y1x2y2"]));
  }
  for (const auto& row : tables()["rect_truncation"]) {
    const auto& b = row["box"];
    EXPECT_EQ(truncate_rect({b[0], b[1], b[2], b[3]}), box(row["rect"]));
  }
}

std::vector<std::optional<IntBox>> track(const std::vector<FaceSighting>& in, bool smooth) {
  FaceTracker tracker(smooth);
  std::vector<std::optional<IntBox>> out;
  const auto drain = [&] {
    while (auto r = tracker.pop()) out.push_back(*r);
  };
  for (const auto& s : in) tracker.push(s), drain();
  tracker.finish();
  drain();
  return out;
}

FaceSighting face(int64_t x) { return {FaceSighting::State::kFace, {x, x, x + 50, x + 50}}; }
const FaceSighting kNo{FaceSighting::State::kNone, {}};
const FaceSighting kSkip{FaceSighting::State::kUnknown, {}};

TEST(FaceTracker, OnePassSmoothingEqualsTheWholeList) {
  for (const auto& row : tables()["smoothing"]) {
    std::vector<FaceSighting> in;
    for (const IntBox& b : boxes(row["boxes"])) in.push_back({FaceSighting::State::kFace, b});
    const auto got = track(in, true);
    const auto want = boxes(row["smoothed"]);
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(got[i], want[i]) << i;
  }
}

TEST(FaceTracker, BridgesShortGapsAndKeepsLongOnes) {
  const auto short_gap = track({face(0), kNo, kNo, kNo, face(40)}, false);
  ASSERT_EQ(short_gap.size(), 5u);
  EXPECT_EQ((*short_gap[1])[0], 10);
  EXPECT_EQ((*short_gap[3])[0], 30);
  const auto long_gap = track({face(0), kNo, kNo, kNo, kNo, kNo, kNo, face(40)}, false);
  ASSERT_EQ(long_gap.size(), 8u);
  EXPECT_TRUE(long_gap[0] && long_gap[7]);
  for (size_t i = 1; i < 7; ++i) EXPECT_FALSE(long_gap[i]) << i;
}

TEST(FaceTracker, FramesBetweenDetectionsAreInterpolated) {
  const auto got =
      track({face(0), kSkip, kSkip, kSkip, kSkip, kSkip, kSkip, kSkip, face(80), kSkip}, false);
  ASSERT_EQ(got.size(), 10u);
  for (int64_t i = 0; i < 9; ++i) EXPECT_EQ((*got[static_cast<size_t>(i)])[0], 10 * i);
  EXPECT_EQ((*got[9])[0], 80);
}

TEST(FaceTracker, NoFaceAtHeadAndTail) {
  const auto got = track({kNo, kSkip, face(5), face(5), kNo, kNo}, true);
  ASSERT_EQ(got.size(), 6u);
  EXPECT_FALSE(got[0] || got[1] || got[4] || got[5]);
  EXPECT_EQ((*got[2])[0], 5);
}

}  // namespace
}  // namespace vl::stages
