#include "vl/stages/sync_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ATen.h>

#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/models/registry.h"
#include "vl/weights/fill.h"

namespace vl::stages {
namespace {

constexpr uint64_t kSeed = 2512;
constexpr int64_t kFrames = 27;

/// The pictures of the goldens: tests/data/lse/README.md.
std::vector<media::Image> pictures(const char* name, int cells, int side) {
  const at::Tensor values = weights::fill_tensor(std::string("input:") + name,
                                                 {kFrames, cells, cells, 3}, kSeed, 128, 128)
                                .floor()
                                .clamp(0, 255)
                                .to(at::kByte);
  const at::Tensor all =
      values.repeat_interleave(side / cells, 1).repeat_interleave(side / cells, 2);
  std::vector<media::Image> out;
  for (int64_t i = 0; i < kFrames; ++i) {
    out.emplace_back(side, side);
    std::memcpy(out.back().data.data(), all[i].contiguous().data_ptr<uint8_t>(),
                out.back().data.size());
  }
  return out;
}

template <class M>
std::shared_ptr<const M> filled(const char* role, const char* params, uint64_t seed) {
  const auto c = weights::read_fill(test::data(params).string(), seed, false);
  return models::build_as<M>(models::read_model(role, c), c.file);
}

std::shared_ptr<const models::lse::Lse> lse_net() {
  static const auto net = filled<models::lse::Lse>("lse", "lse/params.json", kSeed);
  return net;
}

TEST(SyncScores, LseOfPicturesAndSoundIsThatOfTheIndependentReading) {
  kernels::prepare_compute_thread();
  const auto& g = test::golden("lse/golden.safetensors");
  LseMeter meter(lse_net());
  for (const media::Image& p : pictures("lse.pictures", 14, 224)) meter.push(p);
  meter.end_run(test::parity_speech(48000, 48000 + 640 * kFrames + 100)[0]);
  EXPECT_EQ(meter.windows(), 22);
  const at::Tensor want = g.at("distances").to(at::kDouble).mean(0);
  for (size_t k = 0; k < kSyncShifts; ++k)
    EXPECT_NEAR(meter.sums().mean(k), want[static_cast<int64_t>(k)].item<double>(), 5e-4) << k;
  const LseScores scores = lse_scores(meter.sums());
  EXPECT_NEAR(scores.lse_d, g.at("scores")[0].item<double>(), 5e-4);
  EXPECT_NEAR(scores.lse_c, g.at("scores")[1].item<double>(), 5e-4);
  EXPECT_EQ(scores.offset, -g.at("scores")[2].item<int64_t>());
}

TEST(SyncScores, TheExpertsCosinesAreThoseOfTheIndependentReading) {
  kernels::prepare_compute_thread();
  const auto& g = test::golden("lse/golden.safetensors");
  const at::Tensor mel = weights::fill_tensor("input:expert.mel", {80, 130}, kSeed, 4, 0);
  ExpertMeter meter(
      filled<models::syncnet::SyncNet>("syncnet", "parity/wav2lip/mini_params_syncnet.json", 20209),
      mel);
  for (const media::Image& p : pictures("expert.pictures", 12, 96)) meter.push(p);
  meter.end_run(3);
  for (size_t k = 0; k < kSyncShifts; ++k) {
    const auto i = static_cast<int64_t>(k);
    EXPECT_NEAR(meter.sums().mean(k), g.at("expert_means")[i].item<double>(), 2e-6) << k;
    EXPECT_EQ(meter.sums().count[k], g.at("expert_counts")[i].item<int64_t>()) << k;
  }
  const ExpertScores scores = expert_scores(meter.sums());
  EXPECT_NEAR(scores.cosine, g.at("expert_scores")[0].item<double>(), 2e-6);
  EXPECT_EQ(scores.offset, g.at("expert_scores")[1].item<int64_t>());
}

TEST(SyncScores, TwoRunsCountAsTheirWindowsTogether) {
  kernels::prepare_compute_thread();
  const auto all = pictures("lse.pictures", 14, 224);
  const at::Tensor wave = test::parity_speech(48000, 64000)[0];
  SyncSums apart;
  int64_t windows = 0;
  LseMeter both(lse_net());
  for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, 9}, {9, 13}, {13, 20}}) {
    LseMeter one(lse_net());
    for (int64_t i = begin; i < end; ++i) {
      one.push(all[static_cast<size_t>(i)]);
      both.push(all[static_cast<size_t>(i)]);
    }
    one.end_run(wave.slice(0, 640 * begin, 640 * end));
    both.end_run(wave.slice(0, 640 * begin, 640 * end));
    windows += std::max<int64_t>(0, end - begin - 5);
    EXPECT_EQ(one.windows(), std::max<int64_t>(0, end - begin - 5));
    for (size_t k = 0; k < kSyncShifts; ++k) apart.sum[k] += one.sums().sum[k];
  }
  EXPECT_EQ(both.windows(), windows);
  for (size_t k = 0; k < kSyncShifts; ++k) EXPECT_DOUBLE_EQ(both.sums().sum[k], apart.sum[k]);
}

TEST(SyncScores, SoundShorterThanThePicturesLimitsTheWindows) {
  LseMeter meter(lse_net());
  const auto all = pictures("lse.pictures", 14, 224);
  for (size_t i = 0; i < 8; ++i) meter.push(all[i]);
  meter.end_run(at::zeros({640 * 6 + 639}));
  EXPECT_EQ(meter.windows(), 1);
}

TEST(SyncScores, LateSoundHasAPositiveOffset) {
  const at::Tensor video = at::randn({400, 16}, at::detail::createCPUGenerator(5));
  for (const int64_t late : {-15, -4, 0, 3, 15}) {
    const at::Tensor audio = video.roll(late, 0) + 0.01;
    SyncSums distances, cosines;
    add_distances(video, audio, distances);
    add_cosines(video, audio, 0, cosines);
    EXPECT_EQ(lse_scores(distances).offset, late);
    EXPECT_EQ(expert_scores(cosines).offset, late);
    EXPECT_GT(lse_scores(distances).lse_c, 1);
  }
}

TEST(SyncScores, DistancesFollowTheFormulaAcrossBlocksAndEnds) {
  const at::Tensor video = at::randn({270, 4}, at::detail::createCPUGenerator(6)),
                   audio = at::randn({262, 4}, at::detail::createCPUGenerator(7));
  SyncSums sums;
  add_distances(video, audio, sums);
  const auto v = video.accessor<float, 2>(), a = audio.accessor<float, 2>();
  for (const int64_t k : {0, 7, 15, 30}) {
    double sum = 0;
    for (int64_t f = 0; f < 270; ++f) {
      double square = 0;
      for (int64_t d = 0; d < 4; ++d) {
        const int64_t j = f + k - 15;
        const double other = j >= 0 && j < 262 ? static_cast<double>(a[j][d]) : 0.0;
        square += std::pow(static_cast<double>(v[f][d]) - other + 1e-6, 2);
      }
      sum += std::sqrt(square);
    }
    EXPECT_NEAR(sums.sum[static_cast<size_t>(k)], sum, 1e-9) << k;
    EXPECT_EQ(sums.count[static_cast<size_t>(k)], 270);
  }
}

TEST(SyncScores, MelInBlocksIsThatOfTheWhole) {
  const at::Tensor sound = test::parity_speech(0, 960000)[0];
  const at::Tensor wave = at::cat({sound, sound});
  for (const int64_t samples :
       {401, 40000, 4800 * 200 - 1, 4800 * 200 + 500, 4804 * 200 + 7, 4806 * 200, 1500000}) {
    const at::Tensor part = wave.slice(0, 0, samples);
    test::expect_close(std::to_string(samples), mel_in_blocks(part), dsp::wav2lip_mel(part), 1e-6);
  }
}

TEST(SyncScores, ASoundTooShortForOneMelWindowGivesNoWindow) {
  ExpertMeter meter(
      filled<models::syncnet::SyncNet>("syncnet", "parity/wav2lip/mini_params_syncnet.json", 20209),
      at::zeros({80, 15}));
  for (const media::Image& p : pictures("expert.pictures", 12, 96)) meter.push(p);
  meter.end_run(0);
  EXPECT_EQ(meter.windows(), 0);
}

}  // namespace
}  // namespace vl::stages
