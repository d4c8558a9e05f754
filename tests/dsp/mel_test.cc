#include "vl/dsp/mel.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "tests/support/torch_wav.h"
#include "vl/core/error.h"
#include "vl/dsp/stft.h"

namespace vl::dsp {
namespace {

using test::expect_close;

const char* const kGolden = "parity/fastpitch/mel.golden.safetensors";
const char* const kShort = "LJ011-0202";
const char* const kLong = "LJ042-0094";

at::Tensor speech(const std::string& name) {
  return test::wav("assets/speech/" + name + "_ground-truth.wav");
}

TEST(Mel, FrontEndsOfRealSpeech) {
  struct Row {
    const char* wav;
    const char* golden;
    MelKind kind;
    double fmax, tolerance;
  };
  const Row rows[] = {
      {kShort, "mel_fastpitch", MelKind::kFastPitch, 8000, 2 * 7e-5},
      {kLong, "mel_fastpitch", MelKind::kFastPitch, 8000, 2 * 7e-5},
      {kShort, "mel_hifigan", MelKind::kHifigan, 8000, 2 * 3.6e-4},
      {kLong, "mel_hifigan", MelKind::kHifigan, 8000, 2 * 3.6e-4},
      {kShort, "mel_hifigan_fmax11025", MelKind::kHifigan, 11025, 2 * 3.6e-4},
  };
  for (const Row& r : rows) {
    const std::string key = std::string("out:") + r.wav + "." + r.golden;
    const at::Tensor mel = log_mel(speech(r.wav), r.kind, {.fmax = r.fmax});
    expect_close(key, mel, test::golden(kGolden).at(key), r.tolerance);
  }
}

TEST(Mel, EnergyOfRealSpeech) {
  for (const char* name : {kShort, kLong}) {
    const std::string key = std::string("out:") + name + ".energy_fastpitch";
    const at::Tensor mel = log_mel(speech(name), MelKind::kFastPitch);
    expect_close(key, mel_energy(mel), test::golden(kGolden).at(key), 2 * 7e-5);
  }
}

TEST(Mel, Basis) {
  const auto& golden = test::golden(kGolden);
  const at::Tensor small = mel_filterbank(MelScale::kSlaney, 22050, 1024, 80, 0, 8000);
  expect_close("22050", small, golden.at("out:mel_basis_22050_1024_80_0_8000"), 1e-8);
  const at::Tensor large = mel_filterbank(MelScale::kSlaney, 44100, 2048, 80, 0, 22050);
  const std::string prefix = "out:mel_basis_44100_2048_80_0_22050.";
  expect_close("44100 sums", large.sum(1), golden.at(prefix + "row_sums"), 1e-7);
  const at::Tensor picked = large.index_select(0, at::tensor({0, 40, 79}));
  expect_close("44100 rows", picked, golden.at(prefix + "rows_0_40_79"), 1e-8);
}

TEST(Mel, FrameCounts) {
  struct Row {
    int64_t samples, fastpitch, hifigan;
  };
  const Row rows[] = {{513, 3, 2}, {767, 3, 2}, {768, 4, 3}, {25600, 101, 100}};
  for (const Row& r : rows) {
    const at::Tensor wave = at::zeros({2, r.samples});
    EXPECT_EQ(log_mel(wave, MelKind::kFastPitch).sizes(), at::IntArrayRef({2, 80, r.fastpitch}));
    EXPECT_EQ(log_mel(wave, MelKind::kHifigan).sizes(), at::IntArrayRef({2, 80, r.hifigan}));
  }
}

TEST(Mel, RefusesBadInput) {
  const at::Tensor good = at::zeros({1, 4096});
  EXPECT_THROW(log_mel(at::zeros({1, 512}), MelKind::kFastPitch), Error);
  EXPECT_THROW(log_mel(at::zeros({1, 0}), MelKind::kHifigan), Error);
  EXPECT_THROW(log_mel(at::zeros({4096}), MelKind::kHifigan), Error);
  EXPECT_THROW(log_mel(good * NAN, MelKind::kHifigan), Error);
  EXPECT_THROW(log_mel(good, MelKind::kHifigan, {.fmax = 20000}), Error);
  EXPECT_THROW(log_mel(good, MelKind::kHifigan, {.fmax = NAN}), Error);
}

}  // namespace
}  // namespace vl::dsp
