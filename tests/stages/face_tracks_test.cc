#include "vl/stages/face_tracks.h"

#include <gtest/gtest.h>

namespace vl::stages {
namespace {

const media::Image kPicture(200, 100, 1);

FoundFace face(float x, float score = 0.9F) {
  FoundFace f{.box = {x, 20, x + 40, 70}, .score = score};
  f.points = Landmarks{{{x + 10, 35}, {x + 30, 35}, {x + 20, 47}, {x + 12, 58}, {x + 28, 58}}};
  return f;
}

const FaceTracks::Move kStay = [](const FoundFace&) { return std::nullopt; };

std::vector<SeenFrame> all(FaceTracks& tracks) {
  std::vector<SeenFrame> out;
  while (auto f = tracks.pop()) out.push_back(std::move(*f));
  return out;
}

/// Finds of one face at x on every frame; negative: no face.
std::vector<SeenFrame> run(const std::vector<float>& places, std::vector<int> cuts = {}) {
  FaceTracks tracks(1);
  for (size_t i = 0; i < places.size(); ++i) {
    const bool cut = std::find(cuts.begin(), cuts.end(), static_cast<int>(i)) != cuts.end();
    tracks.look(places[i] < 0 ? std::vector<FoundFace>{} : std::vector{face(places[i])}, kPicture,
                cut, kStay);
  }
  tracks.finish();
  return all(tracks);
}

TEST(FaceTracks, AMovingFaceKeepsItsNumberAndAFarOneIsAnother) {
  const auto frames = run({10, 15, 20, 25, 120, 120});
  ASSERT_EQ(frames.size(), 6u);
  for (int i : {0, 1, 2, 3}) EXPECT_EQ(frames[static_cast<size_t>(i)].faces[0].track, 0) << i;
  EXPECT_EQ(frames[4].faces[0].track, 1);
  EXPECT_EQ(frames[5].faces[0].track, 1);
}

TEST(FaceTracks, ShortGapsAreBridgedAndLongOnesAreNot) {
  const auto short_gap = run({10, -1, -1, -1, -1, -1, 22});
  for (size_t i = 0; i < 7; ++i) {
    ASSERT_EQ(short_gap[i].faces.size(), 1u) << i;
    EXPECT_NEAR(short_gap[i].faces[0].face.box[0], 10 + 2.0F * static_cast<float>(i), 1e-4);
    EXPECT_NEAR((*short_gap[i].faces[0].face.points)[2][0], 30 + 2.0F * static_cast<float>(i),
                1e-4);
  }
  const auto long_gap = run({10, -1, -1, -1, -1, -1, -1, 12, 12});
  for (size_t i = 1; i < 7; ++i) EXPECT_TRUE(long_gap[i].faces.empty()) << i;
  // It came back to its place: the same face.
  EXPECT_EQ(long_gap[7].faces[0].track, 0);
}

TEST(FaceTracks, ACutEndsEveryTrackAndNothingIsBridgedOverIt) {
  const auto frames = run({10, 10, -1, 10, 10}, {3});
  EXPECT_TRUE(frames[3].cut);
  EXPECT_TRUE(frames[2].faces.empty());
  EXPECT_EQ(frames[1].faces[0].track, 0);
  EXPECT_EQ(frames[3].faces[0].track, 1);
}

TEST(FaceTracks, TwoFacesThatStandSideBySideAreTwo) {
  FaceTracks tracks(1);
  for (int i = 0; i < 10; ++i)
    tracks.look({face(10 + static_cast<float>(i)), face(120 - static_cast<float>(i))}, kPicture,
                false, kStay);
  tracks.finish();
  for (const SeenFrame& f : all(tracks)) {
    ASSERT_EQ(f.faces.size(), 2u);
    EXPECT_NE(f.faces[0].track, f.faces[1].track);
    for (const Sighting& s : f.faces) EXPECT_EQ(s.track, s.face.box[0] < 65 ? 0 : 1);
  }
  EXPECT_EQ(tracks.count(), 2);
}

TEST(FaceTracks, FramesBetweenLooksFollowTheMotionAndMeetTheNextFind) {
  FaceTracks tracks(5);
  // The motion says 3 pixels a frame; the find says 4.
  const FaceTracks::Move move = [](const FoundFace& f) {
    FoundFace out = f;
    out.box[0] += 3, out.box[2] += 3;
    return std::optional(out);
  };
  for (int i = 0; i < 12; ++i) {
    if (i % 5 == 0)
      tracks.look({face(10 + 4 * static_cast<float>(i))}, kPicture, false, move);
    else
      tracks.follow(kPicture, move);
  }
  tracks.finish();
  const auto frames = all(tracks);
  ASSERT_EQ(frames.size(), 12u);
  for (size_t i = 0; i <= 10; ++i) {
    ASSERT_EQ(frames[i].faces.size(), 1u) << i;
    EXPECT_EQ(frames[i].faces[0].track, 0);
    EXPECT_NEAR(frames[i].faces[0].face.box[0], 10 + 4 * static_cast<float>(i), 1e-3) << i;
  }
  // Behind the last look there is the motion alone.
  EXPECT_NEAR(frames[11].faces[0].face.box[0], 53, 1e-3);
}

TEST(FaceTracks, AFaceThatIsGoneAtTheNextLookIsNotDrawnBetween) {
  FaceTracks tracks(5);
  tracks.look({face(10)}, kPicture, false, kStay);
  for (int i = 0; i < 4; ++i) tracks.follow(kPicture, kStay);
  tracks.look({}, kPicture, false, kStay);
  tracks.finish();
  const auto frames = all(tracks);
  ASSERT_EQ(frames.size(), 6u);
  EXPECT_EQ(frames[0].faces.size(), 1u);
  for (size_t i = 1; i < 6; ++i) EXPECT_TRUE(frames[i].faces.empty()) << i;
}

TEST(FaceTracks, ResultsComeInOrderAFewFramesLate) {
  FaceTracks tracks(1);
  size_t out = 0;
  for (size_t i = 0; i < 100; ++i) {
    tracks.look({face(10)}, kPicture, false, kStay);
    out += all(tracks).size();
    EXPECT_GE(out + 7, i + 1);
  }
  tracks.finish();
  EXPECT_EQ(out + all(tracks).size(), 100u);
}

TEST(MouthMovement, CountsTheMouthAndNotTheHeadOrTheLight) {
  media::Image still(100, 100, 1), open = still, bright = still;
  for (int y = 0; y < 100; ++y)
    for (int x = 0; x < 100; ++x) {
      still.row(y)[x] = static_cast<uint8_t>(100 + x % 7);
      open.row(y)[x] = y > 65 && y < 95 ? 20 : still.row(y)[x];
      bright.row(y)[x] = static_cast<uint8_t>(still.row(y)[x] + 30);
    }
  const FoundFace whole{.box = {0, 0, 100, 100}};
  const MouthPatch a = mouth_patch(still, whole);
  EXPECT_EQ(mouth_movement(a, a), 0);
  EXPECT_GT(mouth_movement(a, mouth_patch(open, whole)), 60);
  EXPECT_EQ(mouth_movement(a, mouth_patch(bright, whole)), 0);
}

}  // namespace
}  // namespace vl::stages
