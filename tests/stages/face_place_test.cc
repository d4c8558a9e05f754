#include "vl/stages/face_place.h"

#include <gtest/gtest.h>

#include <cmath>

#include "vl/stages/face_map.h"

namespace vl::stages {
namespace {

/// A face of 80 x 100 about (x, 100), its head turned by `roll` and its nose at `turn`.
Sighting sighting(float x, float roll = 0, float turn = 0.5F, int track = 0) {
  Sighting s{track, {.box = {x - 40, 50, x + 40, 150}, .score = 0.9F}};
  const auto at = [&](float u, float v) {
    return Point{x + u * std::cos(roll) - v * std::sin(roll),
                 100 + u * std::sin(roll) + v * std::cos(roll)};
  };
  s.face.points =
      Landmarks{{at(-18, -12), at(18, -12), at((turn - 0.5F) * 36, 5), at(-14, 25), at(14, 25)}};
  return s;
}

std::vector<PlacedFrame> run(const PlaceOptions& options, const std::vector<SeenFrame>& frames) {
  FacePlacer placer(options);
  std::vector<PlacedFrame> out;
  const auto drain = [&] {
    while (auto f = placer.pop()) out.push_back(std::move(*f));
  };
  for (const SeenFrame& f : frames) placer.push(f), drain();
  placer.finish();
  drain();
  EXPECT_EQ(out.size(), frames.size());
  return out;
}

std::vector<SeenFrame> still(size_t count) {
  std::vector<SeenFrame> out(count);
  for (SeenFrame& f : out) f.faces = {sighting(200)};
  return out;
}

const PlaceOptions kNoPads{.pads = {0, 0, 0, 0}};

TEST(FacePlacer, AnUprightFaceIsItsBoxWithPads) {
  const auto out = run({.pads = {1, 10, 2, 3}}, still(9));
  for (const PlacedFrame& f : out) {
    const Placement& p = f.faces.at(0);
    EXPECT_NEAR(p.x1, 158, 1e-3);
    EXPECT_NEAR(p.y1, 49, 1e-3);
    EXPECT_NEAR(p.x2, 243, 1e-3);
    EXPECT_NEAR(p.y2, 160, 1e-3);
    EXPECT_EQ(p.roll, 0);
    EXPECT_EQ(p.strength, 1);
  }
}

TEST(FacePlacer, ScalesFromTheFindersPicture) {
  PlaceOptions o = kNoPads;
  o.scale_x = 2, o.scale_y = 3;
  const Placement p = run(o, still(1))[0].faces.at(0);
  EXPECT_NEAR(p.x1, 320, 1e-3);
  EXPECT_NEAR(p.y2, 450, 1e-3);
}

TEST(FacePlacer, ATiltedHeadIsTurnedAndNarrower) {
  std::vector<SeenFrame> frames(1);
  frames[0].faces = {sighting(200, 0.35F)};
  const Placement p = run(kNoPads, frames)[0].faces.at(0);
  EXPECT_NEAR(p.roll, 0.30, 1e-3);
  EXPECT_LT(p.width(), 80);
  EXPECT_NEAR(p.centre_x(), 200, 1e-3);
  PlaceOptions straight = kNoPads;
  straight.align = false;
  EXPECT_EQ(run(straight, frames)[0].faces.at(0).roll, 0);
}

TEST(FacePlacer, ProfilesAreLeftUntilTheyAreClearlyFrontalAgain) {
  std::vector<SeenFrame> frames;
  for (const float turn : {0.5F, 0.2F, 0.02F, 0.1F, 0.2F, 0.5F})
    frames.push_back({false, {sighting(200, 0, turn)}});
  const auto out = run(kNoPads, frames);
  const bool drawn[] = {true, true, false, false, true, true};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(!out[i].faces.empty(), drawn[i]) << i;
}

TEST(FacePlacer, SmoothsOverFiveFramesOfATrackWithoutDelay) {
  std::vector<SeenFrame> frames;
  for (int i = 0; i < 9; ++i)
    frames.push_back({false, {sighting(200 + 4 * static_cast<float>(i))}});
  frames[4].faces = {sighting(216 + 5)};  // a find that is off
  const auto out = run(kNoPads, frames);
  EXPECT_NEAR(out[4].faces.at(0).centre_x(), 217, 1e-2);  // (5 pixels) / 5
  EXPECT_NEAR(out[2].faces.at(0).centre_x(), 209, 1e-2);  // no lag: frame 2 stands at 208
  PlaceOptions rough = kNoPads;
  rough.smooth = false;
  EXPECT_NEAR(run(rough, frames)[4].faces.at(0).centre_x(), 221, 1e-2);
}

TEST(FacePlacer, FadesWhereAFaceComesOrGoesButNotAtCutsAndEnds) {
  std::vector<SeenFrame> frames = still(20);
  frames[8].faces.clear();
  frames[14].cut = true;
  const auto out = run(kNoPads, frames);
  const float want[20] = {1,    1,     1, 1, 1, 0.75F, 0.5F, 0.25F, 0, 0.25F,
                          0.5F, 0.75F, 1, 1, 1, 1,     1,    1,     1, 1};
  for (size_t i = 0; i < 20; ++i) {
    if (i == 8) {
      EXPECT_TRUE(out[i].faces.empty());
    } else {
      EXPECT_EQ(out[i].faces.at(0).strength, want[i]) << i;
    }
  }
}

TEST(FacePlacer, SmoothingDoesNotCrossACut) {
  std::vector<SeenFrame> frames;
  for (int i = 0; i < 10; ++i) frames.push_back({i == 5, {sighting(i < 5 ? 100.0F : 300.0F)}});
  const auto out = run(kNoPads, frames);
  for (size_t i = 0; i < 10; ++i)
    EXPECT_NEAR(out[i].faces.at(0).centre_x(), i < 5 ? 100 : 300, 1e-3) << i;
}

TEST(FaceMap, IsTheSameAfterSavingAndLoading) {
  pipeline::RunState run;
  FaceMap map(run), copy(run);
  map.push({.pts = 0, .duration = 40});
  map.push({.pts = 40, .duration = 41, .faces = {{.x1 = 1.5F, .track = 3}, {}}});
  map.finish({.with_face = 1, .tracks = 4, .cuts = 1, .detector_calls = 2});
  copy.load(map.save());
  EXPECT_EQ(copy.count(), 2);
  EXPECT_EQ(copy.at(1)->pts, 40);
  EXPECT_EQ(copy.at(1)->duration, 41);
  ASSERT_EQ(copy.at(1)->faces.size(), 2u);
  EXPECT_EQ(copy.at(1)->faces[0].x1, 1.5F);
  EXPECT_EQ(copy.at(1)->faces[0].track, 3);
  EXPECT_EQ(copy.counts().detector_calls, 2);
  EXPECT_EQ(copy.at(2), nullptr);
  const std::string bytes = map.save();
  for (const size_t n : {size_t{0}, size_t{8}, bytes.size() / 2, bytes.size() - 1}) {
    FaceMap damaged(run);
    EXPECT_ANY_THROW(damaged.load(bytes.substr(0, n))) << n;
  }
}

}  // namespace
}  // namespace vl::stages
