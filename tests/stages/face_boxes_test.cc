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

TEST(BoxSmoother, OnePassEqualsTheWholeList) {
  for (const auto& row : tables()["smoothing"]) {
    BoxSmoother smoother(true);
    std::vector<IntBox> got;
    const auto drain = [&] {
      while (const auto b = smoother.pop()) got.push_back(*b);
    };
    for (const IntBox& b : boxes(row["boxes"])) smoother.push(b), drain();
    smoother.finish();
    drain();
    EXPECT_EQ(got, boxes(row["smoothed"]));
  }
}

TEST(BoxSmoother, WithoutSmoothingBoxesPassAtOnce) {
  BoxSmoother smoother(false);
  smoother.push({1, 2, 3, 4});
  EXPECT_EQ(smoother.pop(), (IntBox{1, 2, 3, 4}));
  EXPECT_FALSE(smoother.pop());
}

}  // namespace
}  // namespace vl::stages
