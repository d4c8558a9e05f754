#include "vl/stages/lip_sound.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/dsp/wav2lip_mel.h"

namespace vl::stages {
namespace {

struct Fixture : testing::Test {
  test::TempDir folder;
  LipSound sound{folder.path().string()};
  void fill(const at::Tensor& wave, int64_t block = 777) {
    const at::Tensor w = wave.contiguous().reshape({-1});
    for (int64_t i = 0; i < w.numel(); i += block)
      sound.append(w.data_ptr<float>() + i, static_cast<size_t>(std::min(block, w.numel() - i)));
  }
};
using LipSoundTest = Fixture;

TEST_F(LipSoundTest, WindowsEqualThoseOfTheWholeSound) {
  const at::Tensor wave = test::parity_speech(48000, 64123);
  fill(wave);
  EXPECT_FALSE(sound.finish());
  const at::Tensor mel = dsp::wav2lip_mel(wave);
  EXPECT_EQ(sound.columns(), mel.size(1));
  for (const std::vector<int64_t>& starts : {std::vector<int64_t>{0, 3, 6},
                                             {2},
                                             {30, 33, 36, 40},
                                             {mel.size(1) - 20, mel.size(1) - 16},
                                             {mel.size(1) - 16, mel.size(1) - 17}}) {
    const at::Tensor got = sound.windows(starts);
    for (size_t i = 0; i < starts.size(); ++i)
      test::expect_close("window", got[static_cast<int64_t>(i)][0],
                         mel.slice(1, starts[i], starts[i] + dsp::kLipWindow), 1e-6);
  }
}

TEST_F(LipSoundTest, BehindTheEndThereIsSilence) {
  const at::Tensor wave = test::parity_speech(48000, 64000);
  fill(wave);
  sound.finish();
  const int64_t all = sound.columns();
  const at::Tensor got = sound.windows({all - 4, all, all + 5000000});
  test::expect_close("tail", got[0][0].slice(1, 0, 4), dsp::wav2lip_mel(wave).slice(1, all - 4),
                     1e-6);
  EXPECT_TRUE((got[0][0].slice(1, 4) == dsp::kLipSilence).all().item<bool>());
  EXPECT_TRUE((got[1] == dsp::kLipSilence).all().item<bool>());
  EXPECT_TRUE((got[2] == dsp::kLipSilence).all().item<bool>());
}

TEST_F(LipSoundTest, VeryShortSoundsArePadded) {
  fill(at::full({10}, 0.1F));
  EXPECT_TRUE(sound.finish());
  EXPECT_EQ(sound.windows({0}).sizes(), (std::vector<int64_t>{1, 1, 80, 16}));
  EXPECT_NEAR(sound.seconds(), 10.0 / 16000, 1e-9);
}

TEST_F(LipSoundTest, SecondsBeforeThePicturesAreLeftOut) {
  const at::Tensor wave = test::parity_speech(48000, 80000);
  LipSound late(folder.path().string(), 0.75), rest(folder.path().string());
  for (int64_t i = 0; i < wave.numel(); i += 5000)
    late.append(wave.data_ptr<float>() + i,
                static_cast<size_t>(std::min<int64_t>(5000, wave.numel() - i)));
  rest.append(wave.data_ptr<float>() + 12000, static_cast<size_t>(wave.numel() - 12000));
  late.finish(), rest.finish();
  EXPECT_EQ(late.columns(), rest.columns());
  EXPECT_TRUE(late.windows({0, 40}).equal(rest.windows({0, 40})));
  EXPECT_EQ(late.levels().level(0.1, 0.2), rest.levels().level(0.1, 0.2));
}

TEST_F(LipSoundTest, NothingAtAllIsSilence) {
  EXPECT_TRUE(sound.finish());
  EXPECT_TRUE((sound.windows({0, 3}) == dsp::kLipSilence).all().item<bool>());
}

TEST(LipSound, ColumnsOfDecimalTimes) {
  EXPECT_EQ(LipSound::column_at(0), 0);
  EXPECT_EQ(LipSound::column_at(0.04), 3);
  EXPECT_EQ(LipSound::column_at(0.3), 24);  // 80 * 0.3 is 23.999...
  EXPECT_EQ(LipSound::column_at(-1), 0);
}

TEST(SoundLevels, PresenceReachesBeyondSoundAndFades) {
  SoundLevels levels;
  std::vector<float> second(16000, 0.0F), tone(16000, 0.1F);
  levels.append(second.data(), second.size());
  levels.append(tone.data(), tone.size());
  levels.append(second.data(), second.size());
  EXPECT_NEAR(levels.seconds(), 3, 1e-6);
  EXPECT_EQ(levels.presence(1.5, 0.16), 1);
  EXPECT_EQ(levels.presence(0.9, 0.16), 1);  // 100 ms before
  EXPECT_EQ(levels.presence(2.1, 0.16), 1);
  EXPECT_EQ(levels.presence(0.5, 0.16), 0);
  EXPECT_EQ(levels.presence(2.5, 0.16), 0);
  EXPECT_NEAR(levels.presence(2.19, 0.16), 0.5, 0.07);
  EXPECT_EQ(levels.presence(100, 0.16), 0);
  EXPECT_NEAR(levels.level(1.2, 1.4), 0.1, 1e-4);
  EXPECT_EQ(levels.level(5, 6), 0);
}

}  // namespace
}  // namespace vl::stages
