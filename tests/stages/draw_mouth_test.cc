#include "vl/stages/draw_mouth.h"

#include <gtest/gtest.h>

#include <cmath>

namespace vl::stages {
namespace {

media::Image flat(int width, int height, uint8_t value) {
  media::Image out(width, height);
  std::fill(out.data.begin(), out.data.end(), value);
  return out;
}

/// Each pixel says where it is.
media::Image map_picture(int width, int height) {
  media::Image out(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      uint8_t* p = out.row(y) + 3 * x;
      p[0] = static_cast<uint8_t>(x), p[1] = static_cast<uint8_t>(y), p[2] = 7;
    }
  return out;
}

Placement place(float x1, float y1, float x2, float y2, float roll = 0) {
  return {.x1 = x1, .y1 = y1, .x2 = x2, .y2 = y2, .roll = roll};
}

TEST(RegionOf, HoldsTheTurnedRectangleAndStaysInThePicture) {
  media::Rect r = region_of(place(20, 30, 60, 90), 200, 150);
  EXPECT_LE(r.x1, 20);
  EXPECT_LE(r.y1, 30);
  EXPECT_GE(r.x2, 60);
  EXPECT_GE(r.y2, 90);
  r = region_of(place(20, 30, 60, 90, 1.5708F), 200, 150);
  EXPECT_LE(r.x1, 10);
  EXPECT_GE(r.x2, 70);
  EXPECT_GE(r.y1, 38);
  EXPECT_LE(r.y2, 82);
  r = region_of(place(-20, -30, 60, 500), 200, 150);
  EXPECT_EQ(r.x1, 0);
  EXPECT_EQ(r.y1, 0);
  EXPECT_EQ(r.y2, 150);
  EXPECT_EQ(region_of(place(300, 30, 400, 90), 200, 150).width(), 0);
}

TEST(FaceCrop, AnUprightBoxIsWhatResizeGives) {
  const media::Image picture = map_picture(200, 180);
  const media::Rect box{20, 30, 140, 160};
  const Placement p = place(20, 30, 140, 160);
  const media::Rect region = region_of(p, 200, 180);
  const media::Image got = face_crop(media::crop(picture, region), region, p, 96),
                     want = media::resize(media::crop(picture, box), 96, 96);
  int worst = 0;
  for (size_t i = 0; i < got.data.size(); ++i)
    worst = std::max(worst, std::abs(int{got.data[i]} - int{want.data[i]}));
  EXPECT_LE(worst, 1);  // the fixed point of OpenCV's resize
}

TEST(FaceCrop, ATurnedFaceStandsUpright) {
  // A quarter turn clockwise: what was up points to the right.
  const media::Image picture = map_picture(200, 200);
  const Placement p = place(60, 60, 140, 140, 1.5707963F);
  const media::Rect region = region_of(p, 200, 200);
  const media::Image got = face_crop(media::crop(picture, region), region, p, 80);
  EXPECT_NEAR(got.row(0)[0], 139, 1);  // upper left of the face: right of the picture, ...
  EXPECT_NEAR(got.row(0)[1], 60, 1);   // ... up
  EXPECT_NEAR(got.row(79)[0], 60, 1);  // lower left of the face: left, up
  EXPECT_NEAR(got.row(79)[1], 60, 1);
}

TEST(FaceCrop, OutsideThePictureItsBorderIsRepeated) {
  const media::Image picture = map_picture(100, 100);
  const Placement p = place(-50, 10, 50, 110);
  const media::Rect region = region_of(p, 100, 100);
  const media::Image got = face_crop(media::crop(picture, region), region, p, 100);
  EXPECT_EQ(got.row(5)[0], 0);
  EXPECT_EQ(got.row(99)[3 * 60 + 1], 99);
}

struct Drawn {
  media::Image before, after, mask;
  media::Rect at;
};

Drawn draw(const Placement& p, const media::Image& prediction, const DrawOptions& o,
           uint8_t background = 100) {
  Drawn d;
  d.at = region_of(p, 200, 200);
  d.before = media::crop(flat(200, 200, background), d.at);
  d.after = d.before;
  d.mask = draw_mouth(d.after, d.at, p, prediction, o);
  return d;
}

TEST(DrawMouth, ChangesTheLowerFaceOnlyAndTheMaskSaysWhere) {
  const Placement p = place(50, 40, 150, 160);
  const Drawn d = draw(p, flat(96, 96, 200), {.color_match = false});
  int changed = 0;
  for (int y = 0; y < d.after.height; ++y)
    for (int x = 0; x < d.after.width; ++x) {
      const bool differs = d.after.row(y)[3 * x] != d.before.row(y)[3 * x];
      if (differs) {
        EXPECT_NE(d.mask.row(y)[x], 0);
      }
      if (d.mask.row(y)[x] == 0) continue;
      ++changed;
      EXPECT_GE(d.at.y1 + y, 40 + static_cast<int>(0.45F * 120) - 1);
      EXPECT_GE(d.at.x1 + x, 50);
      EXPECT_LT(d.at.x1 + x, 150);
    }
  EXPECT_GT(changed, 2000);
  // The middle of the mouth is the prediction, a corner of the rectangle the picture.
  EXPECT_EQ(d.after.row(130 - d.at.y1)[3 * (100 - d.at.x1)], 200);
  EXPECT_EQ(d.after.row(158 - d.at.y1)[3 * (52 - d.at.x1)], 100);
}

TEST(DrawMouth, TheBorderIsSoft) {
  const Placement p = place(50, 40, 150, 160);
  const Drawn d = draw(p, flat(96, 96, 200), {.color_match = false});
  int last = 100;
  for (int y = 90; y < 120; ++y) {
    const int v = d.after.row(y - d.at.y1)[3 * (100 - d.at.x1)];
    EXPECT_GE(v, last);
    EXPECT_LE(v - last, 25) << y;
    last = v;
  }
  EXPECT_EQ(last, 200);
}

TEST(DrawMouth, ColourMatchBringsThePredictionToThePicturesLight) {
  const Placement p = place(50, 40, 150, 160);
  const Drawn plain = draw(p, flat(96, 96, 115), {.color_match = false}),
              matched = draw(p, flat(96, 96, 115), {.color_match = true});
  const auto centre = [](const Drawn& d) {
    return int{d.after.row(130 - d.at.y1)[3 * (100 - d.at.x1)]};
  };
  EXPECT_EQ(centre(plain), 115);
  EXPECT_NEAR(centre(matched), 100, 1);
  // A prediction of quite another colour is a mouth that is open, not another light.
  EXPECT_GE(centre(draw(p, flat(96, 96, 200), {.color_match = true})), 170);
}

TEST(DrawMouth, StrengthBlendsAndTheWholeBoxIsHard) {
  Placement p = place(50, 40, 150, 160);
  p.strength = 0.5F;
  const Drawn half = draw(p, flat(96, 96, 200), {.color_match = false});
  EXPECT_NEAR(half.after.row(130 - half.at.y1)[3 * (100 - half.at.x1)], 150, 1);
  const Drawn box =
      draw(place(50, 40, 150, 160), flat(96, 96, 200), {.whole_box = true, .feather = 0});
  for (int y = 0; y < box.after.height; ++y)
    for (int x = 0; x < box.after.width; ++x) {
      const int px = box.at.x1 + x, py = box.at.y1 + y;
      const bool inside = px >= 50 && px < 150 && py >= 40 && py < 160;
      EXPECT_EQ(box.after.row(y)[3 * x], inside ? 200 : 100) << px << " " << py;
    }
}

}  // namespace
}  // namespace vl::stages
