#include "vl/stages/scene_cut.h"

#include <gtest/gtest.h>

#include <cmath>

namespace vl::stages {
namespace {

/// A picture of waves: `light` moves their mean, `phase` their place.
media::Image waves(int light, double phase, int width = 320, int height = 180) {
  media::Image out(width, height, 1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      out.row(y)[x] = static_cast<uint8_t>(
          std::clamp(light + 40 * std::sin(x * 0.05 + phase) * std::cos(y * 0.07), 0.0, 255.0));
  return out;
}

TEST(SceneCut, AJumpIsACutAndMotionIsNone) {
  SceneCut cuts;
  EXPECT_FALSE(cuts.push(waves(90, 0)));  // the first picture begins nothing
  for (int i = 1; i < 20; ++i) EXPECT_FALSE(cuts.push(waves(90 + i, 0.2 * i))) << i;
  EXPECT_TRUE(cuts.push(waves(190, 3)));
  EXPECT_FALSE(cuts.push(waves(190, 3.1)));
}

TEST(SceneCut, AnotherPictureOfTheSameLightIsNone) {
  // The rule asks for another histogram as well as other pixels.
  SceneCut cuts;
  EXPECT_FALSE(cuts.push(waves(128, 0)));
  EXPECT_FALSE(cuts.push(waves(128, 3.14)));
}

TEST(SceneCut, SmallPicturesAndFlatOnes) {
  SceneCut cuts;
  EXPECT_FALSE(cuts.push(media::Image(1, 1, 1)));
  media::Image white(40, 20, 1);
  std::fill(white.data.begin(), white.data.end(), 255);
  EXPECT_TRUE(cuts.push(white));
}

TEST(AreaThumbnail, IsTheMeanOfWhatEachPixelCovers) {
  media::Image image(4, 2, 1);
  image.data = {0, 10, 100, 200, 20, 30, 50, 50};
  const media::Image out = area_thumbnail(image, 2, 1);
  EXPECT_EQ(out.data, (std::vector<uint8_t>{15, 100}));
  EXPECT_EQ(area_thumbnail(image, 4, 2).data, image.data);
}

}  // namespace
}  // namespace vl::stages
