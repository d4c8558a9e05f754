#include "vl/dsp/f0_yin.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/core/error.h"

namespace vl::dsp {
namespace {

at::Tensor seconds(double length) {
  return at::arange(int64_t(length * 16000), at::kDouble) / 16000;
}

struct Partial {
  double multiple, level;
};

at::Tensor tone(double hz, const std::vector<Partial>& partials, double length = 1.0) {
  const at::Tensor t = seconds(length);
  at::Tensor out = at::zeros_like(t);
  for (const Partial& p : partials) out += at::sin(t * (2 * M_PI * hz * p.multiple)) * p.level;
  return out.to(at::kFloat);
}

struct Row {
  const char* name;
  double hz;
  std::vector<Partial> partials;
};

const Row kRows[] = {
    {"sine 55", 55, {{1, 0.5}}},
    {"sine 80.3", 80.3, {{1, 0.5}}},
    {"sine 220", 220, {{1, 0.5}}},
    {"sine 441.7", 441.7, {{1, 0.5}}},
    {"sine 990", 990, {{1, 0.5}}},
    {"quiet sine", 150, {{1, 0.004}}},
    {"saw", 131, {{1, 0.3}, {2, 0.15}, {3, 0.1}, {4, 0.075}, {5, 0.06}}},
    // Octaves: a strong second partial must not double the pitch, a missing fundamental not lose
    // it.
    {"strong octave", 110, {{1, 0.25}, {2, 0.4}, {3, 0.1}}},
    {"missing fundamental", 100, {{2, 0.3}, {3, 0.3}, {4, 0.3}}},
    {"odd partials", 200, {{1, 0.3}, {3, 0.2}, {5, 0.1}}},
};

TEST(Yin, TonesWithinHalfAPercent) {
  for (const Row& row : kRows) {
    const at::Tensor f0 = yin_f0(tone(row.hz, row.partials));
    ASSERT_EQ(f0.numel(), 101) << row.name;
    // The mirrored ends of a tone are no tone.
    const at::Tensor inner = f0.slice(0, 4, 97).to(at::kDouble);
    EXPECT_LT((inner / row.hz - 1).abs().max().item<double>(), 0.005)
        << row.name << ": " << inner.min().item<double>() << ".." << inner.max().item<double>();
  }
}

TEST(Yin, FollowsAGlide) {
  const at::Tensor t = seconds(2.0);
  const at::Tensor wave = (at::sin((t * 100 + t * t * 50) * (2 * M_PI)) * 0.4).to(at::kFloat);
  const at::Tensor f0 = yin_f0(wave).to(at::kDouble);
  // The analysis window of a centred frame spans 512 samples before its middle to 512 after.
  const at::Tensor want = at::arange(201, at::kDouble) * 0.01 * 100 + 100;
  EXPECT_LT((f0 / want - 1).abs().slice(0, 5, 196).max().item<double>(), 0.02);
}

TEST(Yin, SilenceAndNoiseAreUnvoiced) {
  const at::Tensor quiet = tone(220, {{1, 0.002}});  // -57 dBFS RMS
  EXPECT_EQ(yin_f0(at::zeros({16000})).count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(yin_f0(quiet).count_nonzero().item<int64_t>(), 0);
  at::manual_seed(1);
  EXPECT_LE(yin_f0(at::randn({32000}) * 0.1).count_nonzero().item<int64_t>(), 2);
}

TEST(Yin, MedianRemovesSingleFrames) {
  at::Tensor wave = at::zeros({16000});
  wave.slice(0, 8000 - 330, 8000 + 330).copy_(tone(200, {{1, 0.5}}).slice(0, 0, 660));
  const at::Tensor f0 = yin_f0(wave);
  for (int64_t i = 1; i + 1 < f0.numel(); ++i) {
    const bool alone =
        f0[i].item<float>() > 0 && f0[i - 1].item<float>() == 0 && f0[i + 1].item<float>() == 0;
    EXPECT_FALSE(alone) << i;
  }
}

TEST(Yin, FrameCountsAndShortWaves) {
  for (int64_t n : {1, 2, 159, 160, 512, 1023, 1600})
    EXPECT_EQ(yin_f0(at::full({n}, 0.1)).numel(), n / 160 + 1) << n;
  EXPECT_THROW(yin_f0(at::zeros({0})), Error);
}

TEST(Yin, AFrameDependsOnItsSamplesAlone) {
  const at::Tensor wave = tone(173, {{1, 0.3}, {2, 0.2}});
  const at::Tensor all = yin_f0(wave), later = yin_f0(wave.slice(0, 1600));
  EXPECT_TRUE(all.slice(0, 15, 95).equal(later.slice(0, 5, 85)));
}

TEST(Yin, NanGivesNoPitch) {
  EXPECT_EQ(yin_f0(at::full({4000}, NAN)).count_nonzero().item<int64_t>(), 0);
}

}  // namespace
}  // namespace vl::dsp
