#include "vl/stages/point_tracker.h"

#include <gtest/gtest.h>

#include <cmath>

namespace vl::stages {
namespace {

/// Smooth texture that moved by (dx, dy) and grew about (100, 90).
media::Image texture(double dx, double dy, double scale = 1.0) {
  media::Image out(240, 180, 1);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const double u = (x - dx - 100) / scale + 100, v = (y - dy - 90) / scale + 90;
      out.row(y)[x] = static_cast<uint8_t>(128 + 50 * std::sin(u * 0.09 + v * 0.04) +
                                           40 * std::cos(v * 0.12 - u * 0.03) +
                                           20 * std::sin(u * 0.23) * std::cos(v * 0.19));
    }
  return out;
}

TEST(PointTracker, FollowsShiftsOfFractionsAndOfManyPixels) {
  const Pyramid from(texture(0, 0));
  for (const auto& [dx, dy] : {std::pair{0.0, 0.0}, {0.4, -0.3}, {3.5, 2.25}, {-9.0, 6.0}}) {
    const auto p = track_point(from, Pyramid(texture(dx, dy)), {100, 90});
    ASSERT_TRUE(p) << dx << " " << dy;
    EXPECT_NEAR((*p)[0], 100 + dx, 0.15) << dx << " " << dy;
    EXPECT_NEAR((*p)[1], 90 + dy, 0.15) << dx << " " << dy;
  }
}

TEST(PointTracker, FlatPlacesAndOtherPicturesAreNotFollowed) {
  const Pyramid flat(media::Image(240, 180, 1)), some(texture(0, 0));
  EXPECT_FALSE(track_point(flat, flat, {100, 90}));
  EXPECT_FALSE(track_point(some, flat, {100, 90}));
}

TEST(TrackFace, TheBoxMovesAndGrowsWithItsLandmarks) {
  FoundFace face{.box = {70, 50, 130, 130}, .score = 0.9F};
  face.points = Landmarks{{{85, 75}, {115, 75}, {100, 92}, {88, 110}, {112, 110}}};
  const auto moved = track_face(Pyramid(texture(0, 0)), Pyramid(texture(4, -3, 1.06)), face);
  ASSERT_TRUE(moved);
  // Everything is scaled about (100, 90), then moved.
  EXPECT_NEAR(moved->box[0], 100 + 4 - 30 * 1.06, 0.8);
  EXPECT_NEAR(moved->box[1], 90 - 3 - 40 * 1.06, 0.8);
  EXPECT_NEAR(moved->box[2], 100 + 4 + 30 * 1.06, 0.8);
  EXPECT_NEAR((*moved->points)[2][0], 104, 0.5);
  EXPECT_EQ(moved->score, 0.9F);
}

TEST(TrackFace, WorksWithoutLandmarksAndGivesUpOnFlatPictures) {
  const FoundFace face{.box = {70, 50, 130, 130}, .score = 0.9F};
  const auto moved = track_face(Pyramid(texture(0, 0)), Pyramid(texture(2, 1)), face);
  ASSERT_TRUE(moved);
  EXPECT_NEAR(moved->box[0], 72, 0.5);
  EXPECT_NEAR(moved->box[3], 131, 0.5);
  const Pyramid flat(media::Image(240, 180, 1));
  EXPECT_FALSE(track_face(flat, flat, face));
}

}  // namespace
}  // namespace vl::stages
