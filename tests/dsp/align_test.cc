#include "vl/dsp/align.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using test::expect_close;
using test::expect_equal;

const char* const kGolden = "parity/fastpitch/alignment.golden.safetensors";

TEST(Align, StoredCases) {
  const auto& golden = test::golden(kGolden);
  for (const std::string name : {"mas_random", "mas_square", "mas_ties", "mas_two"}) {
    const Alignment got = monotonic_align(golden.at("input:" + name + ".log_attn"));
    expect_equal(name + ".path", got.path, golden.at("out:" + name + ".path"));
    expect_equal(name + ".dur", got.dur, golden.at("out:" + name + ".dur"));
  }
}

TEST(Align, EdgeCases) {
  expect_equal("one symbol", monotonic_align(at::randn({5, 1})).dur, at::tensor({5}));
  expect_equal("one frame", monotonic_align(at::randn({1, 1})).path, at::tensor({0}));
  const at::Tensor never = at::full({4, 3}, -std::numeric_limits<float>::infinity());
  expect_equal("nothing possible", monotonic_align(never).path, at::tensor({0, 0, 1, 2}));
}

TEST(Align, RefusesBadInput) {
  EXPECT_THROW(monotonic_align(at::zeros({3, 4})), Error);
  EXPECT_THROW(monotonic_align(at::zeros({0, 0})), Error);
  EXPECT_THROW(monotonic_align(at::zeros({3, 0})), Error);
  EXPECT_THROW(monotonic_align(at::zeros({12})), Error);
  EXPECT_THROW(monotonic_align(at::zeros({4, 3}) * NAN), Error);
  EXPECT_THROW(monotonic_align(at::full({4, 3}, INFINITY)), Error);
}

TEST(Prior, StoredCases) {
  struct Row {
    const char* golden;
    bool interpolated;
    int64_t text, mel, stride;
  };
  const Row rows[] = {{"prior_direct_text9_mel40", false, 9, 40, 1},
                      {"prior_interp_mel40_text9", true, 9, 40, 1},
                      {"prior_interp_mel150_text33", true, 33, 150, 1},
                      {"prior_interp_mel431_text80", true, 80, 431, 7}};
  for (const Row& r : rows) {
    const at::Tensor all =
        r.interpolated ? interpolated_prior(r.text, r.mel) : beta_binomial_prior(r.text, r.mel);
    expect_close(r.golden, all.slice(0, 0, r.mel, r.stride),
                 test::golden(kGolden).at(std::string("out:") + r.golden), 1e-12);
  }
}

TEST(Prior, SizesAndBadInput) {
  struct Row {
    int64_t text, mel;
  };
  for (const Row& r : {Row{1, 1}, Row{1, 40}, Row{29, 149}}) {
    const at::Tensor prior = interpolated_prior(r.text, r.mel);
    EXPECT_EQ(prior.sizes(), at::IntArrayRef({r.mel, r.text}));
    EXPECT_TRUE(prior.isfinite().all().item<bool>());
  }
  EXPECT_THROW(interpolated_prior(0, 10), Error);
  EXPECT_THROW(beta_binomial_prior(3, 0), Error);
}

}  // namespace
}  // namespace vl::dsp
