#include "vl/stages/face_choice.h"

#include <gtest/gtest.h>

#include <cmath>

namespace vl::stages {
namespace {

Sighting sighting(int track, float x, float size, float mouth = 0, float score = 0.9F) {
  return {track, {.box = {x, 50, x + size, 50 + size}, .score = score}, mouth};
}

std::vector<SeenFrame> run(const ChoiceOptions& options, const std::vector<SeenFrame>& frames) {
  FaceChoice choice(options);
  std::vector<SeenFrame> out;
  const auto drain = [&] {
    while (auto f = choice.pop()) out.push_back(std::move(*f));
  };
  for (const SeenFrame& f : frames) choice.push(f), drain();
  choice.finish();
  drain();
  EXPECT_EQ(out.size(), frames.size());
  return out;
}

ChoiceOptions options(FaceSelect select) {
  return {.select = select, .width = 640, .height = 360, .window = 50};
}

/// Two faces: 0 is larger, the mouth of 1 moves with the speech.
std::vector<SeenFrame> two(size_t count) {
  std::vector<SeenFrame> out(count);
  for (size_t i = 0; i < count; ++i)
    out[i].faces = {sighting(0, 260, 120, i % 3 == 0 ? 4.0F : 1.0F),
                    sighting(1, 80, 60, 5 + 4 * std::sin(static_cast<float>(i) * 0.9F), 0.95F)};
  return out;
}

float speech(int64_t frame) { return 0.1F + 0.08F * std::sin(static_cast<float>(frame) * 0.9F); }

TEST(FaceChoice, TheSpeakerIsChosenWhereItIsClear) {
  ChoiceOptions o = options(FaceSelect::kAuto);
  o.speech = speech;
  for (const SeenFrame& f : run(o, two(120))) {
    ASSERT_EQ(f.faces.size(), 1u);
    EXPECT_EQ(f.faces[0].track, 1);
  }
}

TEST(FaceChoice, WithoutSpeechOrALeadTheLargestIs) {
  for (const SeenFrame& f : run(options(FaceSelect::kAuto), two(120)))
    EXPECT_EQ(f.faces.at(0).track, 0);
  ChoiceOptions silent = options(FaceSelect::kAuto);
  silent.speech = [](int64_t) { return 0.0F; };
  for (const SeenFrame& f : run(silent, two(120))) EXPECT_EQ(f.faces.at(0).track, 0);
  ChoiceOptions largest = options(FaceSelect::kLargest);
  largest.speech = speech;
  for (const SeenFrame& f : run(largest, two(120))) EXPECT_EQ(f.faces.at(0).track, 0);
}

TEST(FaceChoice, ScoreAllAndANumber) {
  for (const SeenFrame& f : run(options(FaceSelect::kScore), two(10)))
    EXPECT_EQ(f.faces.at(0).track, 1);
  for (const SeenFrame& f : run(options(FaceSelect::kAll), two(10))) EXPECT_EQ(f.faces.size(), 2u);
  ChoiceOptions o = options(FaceSelect::kAuto);
  o.track = 1;
  for (const SeenFrame& f : run(o, two(10))) {
    ASSERT_EQ(f.faces.size(), 1u);
    EXPECT_EQ(f.faces[0].track, 1);
  }
  o.track = 7;
  for (const SeenFrame& f : run(o, two(10))) EXPECT_TRUE(f.faces.empty());
}

TEST(FaceChoice, OneFaceIsChosenAtOnceAndEmptyFramesPass) {
  FaceChoice choice(options(FaceSelect::kAuto));
  choice.push({false, {sighting(0, 100, 80)}});
  ASSERT_TRUE(choice.pop());
  choice.push({});
  const auto empty = choice.pop();
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->faces.empty());
}

TEST(FaceChoice, WhoWasChosenStaysWhileALargerOneOnlyPasses) {
  std::vector<SeenFrame> frames(60);
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].faces = {sighting(0, 260, 90)};
    if (i > 20 && i < 40) frames[i].faces.push_back(sighting(1, 200, 140));
  }
  for (const SeenFrame& f : run(options(FaceSelect::kAuto), frames))
    EXPECT_EQ(f.faces.at(0).track, 0);
}

TEST(FaceChoice, ACutBeginsAnew) {
  std::vector<SeenFrame> frames(20);
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].cut = i == 10;
    frames[i].faces = i < 10 ? std::vector{sighting(0, 260, 90)}
                             : std::vector{sighting(1, 50, 40), sighting(2, 300, 120)};
  }
  const auto out = run(options(FaceSelect::kAuto), frames);
  EXPECT_EQ(out[9].faces.at(0).track, 0);
  EXPECT_TRUE(out[10].cut);
  EXPECT_EQ(out[10].faces.at(0).track, 2);
  EXPECT_EQ(out[10].faces.size(), 1u);
}

TEST(Correlation, OfEqualOppositeAndFlatSeries) {
  EXPECT_NEAR(correlation({1, 2, 3}, {2, 4, 6}), 1, 1e-9);
  EXPECT_NEAR(correlation({1, 2, 3}, {3, 2, 1}), -1, 1e-9);
  EXPECT_EQ(correlation({1, 1, 1}, {1, 2, 3}), 0);
  EXPECT_EQ(correlation({}, {}), 0);
}

}  // namespace
}  // namespace vl::stages
