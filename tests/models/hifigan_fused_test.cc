#include <random>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/code_of.h"
#include "tests/support/torch_fill.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/hifigan/generator.h"
#include "vl/models/hifigan/import.h"
#include "vl/models/registry.h"
#include "vl/weights/fill.h"

namespace vl::models::hifigan {
namespace {

/// Of the largest value; RVC's decoder is held to the same.
constexpr double kBar = 1e-5;

/// A generator with values of the size that trained ones have: activations neither die nor grow.
std::shared_ptr<Generator> made(const HifiganConfig& config, uint64_t seed) {
  const auto g = std::make_shared<Generator>(config);
  for (const auto& p : g->named_parameters()) {
    const at::Tensor t = p.value();
    const double fan_in = t.dim() < 2 ? 400.0
                                      : static_cast<double>(t.numel()) /
                                            static_cast<double>(t.size(p.key()[0] == 'u' ? 1 : 0));
    t.copy_(weights::fill_tensor(p.key(), t.sizes(), seed, std::sqrt(3.0 / fan_in)));
  }
  g->loaded();
  g->eval();
  return g;
}

at::Tensor log_mel(int64_t batch, int64_t bins, int64_t frames, uint64_t seed) {
  return weights::fill_tensor("input:mel", {batch, bins, frames}, seed, 2.0, -5.0);
}

/// Both paths on the same weights.
void expect_same(const HifiganConfig& config, int64_t batch, int64_t frames, uint64_t seed) {
  const auto g = made(config, seed);
  const at::Tensor mel = log_mel(batch, config.num_mels, frames, seed);
  const at::Tensor fused = g->forward(mel);
  g->set_path(nn::Path::kReference);
  test::expect_close(config_to_json(config).dump(), fused, g->forward(mel), 0, kBar);
}

/// Any configuration that check_config() takes, small enough to run in a moment.
HifiganConfig random_config(std::mt19937_64& draw) {
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(draw() % static_cast<uint64_t>(high - low + 1));
  };
  HifiganConfig c;
  c.resblock = pick(0, 1) == 0 ? "1" : "2";
  c.num_mels = pick(1, 90);
  c.upsample_rates.clear(), c.upsample_kernel_sizes.clear();
  c.resblock_kernel_sizes.clear(), c.resblock_dilation_sizes.clear();
  for (int64_t i = pick(1, 4); i > 0; --i) {
    c.upsample_rates.push_back(pick(1, 6));
    c.upsample_kernel_sizes.push_back(c.upsample_rates.back() + 2 * pick(0, 6));
  }
  c.upsample_initial_channel = pick(1, 9) << c.upsample_rates.size();
  for (int64_t i = pick(1, 4); i > 0; --i) {
    c.resblock_kernel_sizes.push_back(2 * pick(0, 6) + 1);
    c.resblock_dilation_sizes.emplace_back();
    for (int64_t j = pick(1, 4); j > 0; --j)
      c.resblock_dilation_sizes.back().push_back(pick(1, 13));
  }
  check_config(c);
  return c;
}

TEST(HifiganFused, RandomConfigurationsEqualTheReference) {
  std::mt19937_64 draw(20261127);
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    const HifiganConfig config = random_config(draw);
    const auto batch = static_cast<int64_t>(1 + draw() % 3),
               frames = static_cast<int64_t>(1 + draw() % (seed % 4 ? 9 : 70));
    expect_same(config, batch, frames, seed);
  }
}

TEST(HifiganFused, UnusualShapes) {
  HifiganConfig wide;  // residual blocks that reach further than a tile is long
  wide.upsample_initial_channel = 32;
  wide.resblock_kernel_sizes = {21, 3}, wide.resblock_dilation_sizes = {{40, 7}, {1024}};
  expect_same(wide, 1, 5, 1);
  HifiganConfig steep;  // one stage, a long kernel, no factor of 16 anywhere
  steep.upsample_rates = {125}, steep.upsample_kernel_sizes = {501};
  steep.upsample_initial_channel = 22, steep.num_mels = 13;
  expect_same(steep, 2, 3, 2);
  HifiganConfig flat;  // as many samples as frames
  flat.upsample_rates = {1, 1}, flat.upsample_kernel_sizes = {1, 3};
  flat.upsample_initial_channel = 4;
  flat.resblock_kernel_sizes = {1}, flat.resblock_dilation_sizes = {{1}};
  expect_same(flat, 1, 1, 3);
  expect_same(flat, 1, 300, 4);
}

TEST(HifiganFused, PiecesOfALongMelJoin) {
  HifiganConfig c;
  c.upsample_initial_channel = 64;
  expect_same(c, 1, 1100, 5);  // several times what one pass through the stages takes
}

TEST(HifiganFused, ABatchHasTheBitsOfItsUtterances) {
  HifiganConfig c;
  c.upsample_initial_channel = 48;
  const auto g = made(c, 6);
  const at::Tensor mel = log_mel(3, c.num_mels, 21, 6), all = g->forward(mel);
  for (int64_t b = 0; b < 3; ++b)
    EXPECT_TRUE(g->forward(mel.slice(0, b, b + 1))[0].equal(all[b])) << b;
}

TEST(HifiganFused, BothPathsRefuseWhatIsNotFinite) {
  const auto g = made({}, 7);
  for (const nn::Path path : {nn::Path::kFused, nn::Path::kReference}) {
    g->set_path(path);
    for (const double bad : {double{NAN}, double{INFINITY}, -double{INFINITY}}) {
      at::Tensor mel = log_mel(2, 80, 4, 7);
      mel[1][79][3] = bad;
      EXPECT_EQ(test::code_of([&] { g->forward(mel); }), Code::kBadValue) << bad;
    }
  }
}

TEST(HifiganFused, GradientTakesTheReferencePath) {
  HifiganConfig c;
  c.upsample_initial_channel = 16;
  const auto g = made(c, 8);
  const at::Tensor mel = log_mel(1, 80, 4, 8).requires_grad_();
  g->forward(mel).sum().backward();
  EXPECT_GT(mel.grad().abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace vl::models::hifigan
