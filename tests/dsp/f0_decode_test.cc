#include "vl/dsp/f0_decode.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

const test::Tensors& parity() { return test::golden("parity/rvc/golden.safetensors"); }

TEST(CoarsePitch, GoldenTables) {
  const struct {
    const char* name;
    double key;
  } rows[] = {{"coarse.key+0", 0}, {"coarse.key+5", 5}, {"coarse.key-7", -7}};
  for (const auto& row : rows) {
    const std::string name = std::string("out:") + row.name;
    const at::Tensor f0 = transpose_f0(parity().at("input:coarse.f0"), row.key);
    test::expect_close(name + ".f0", f0, parity().at(name + ".f0"), 0, 1e-15);
    test::expect_equal(name + ".bins", coarse_pitch(f0), parity().at(name + ".bins"));
  }
}

TEST(CoarsePitch, Limits) {
  const at::Tensor f0 = at::tensor({0.0, -5.0, -800.0, 1.0, 49.9, 50.0, 1100.0, 1e9, 0.0 / 0.0});
  const at::Tensor want = at::tensor({1, 1, 1, 1, 1, 1, 255, 255, 1}, at::kLong);
  test::expect_equal("limits", coarse_pitch(f0), want);
  EXPECT_EQ(coarse_pitch(at::zeros({0}, at::kDouble)).numel(), 0);
}

TEST(CoarsePitch, EndToEndCurves) {
  for (const char* part : {"v2_40k_f0", "v1_48k_f0"}) {
    const std::string name = std::string("out:e2e.") + part;
    const at::Tensor f0 = parity().at(name + ".f0");
    test::expect_equal(name, coarse_pitch(f0), parity().at(name + ".coarse"));
    test::expect_close(name + ".f0_interp_2026", interpolate_unvoiced(f0),
                       parity().at(name + ".f0_interp_2026"), 0, 1e-15);
  }
}

TEST(InterpolateUnvoiced, GoldenAndEdges) {
  test::expect_close("table", interpolate_unvoiced(parity().at("input:coarse.f0")),
                     parity().at("out:coarse.f0_interp_2026"), 0, 1e-15);
  const struct {
    const char* name;
    std::vector<double> in, want;
  } rows[] = {
      {"all unvoiced", {0, 0, 0}, {0, 0, 0}},
      {"ends held", {0, 0, 5, 0, 9, 0}, {5, 5, 5, 7, 9, 9}},
      {"one voiced", {0, 3, 0}, {3, 3, 3}},
      {"empty", {}, {}},
  };
  for (const auto& row : rows)
    test::expect_close(row.name, interpolate_unvoiced(at::tensor(row.in, at::kDouble)),
                       at::tensor(row.want, at::kDouble), 1e-12);
}

TEST(F0FromSalience, Golden) {
  const at::Tensor f0 = f0_from_salience(parity().at("out:rmvpe.salience")[0]);
  const at::Tensor want = parity().at("out:rmvpe.f0");
  const at::Tensor voiced = want > 0;
  EXPECT_TRUE(voiced.equal(f0 > 0));
  const at::Tensor one = at::ones_like(want);
  EXPECT_LT(
      (at::where(voiced, f0 / at::where(voiced, want, one), one) - 1).abs().max().item<double>(),
      1e-12);
}

TEST(F0FromSalience, EdgesOfTheTable) {
  at::Tensor s = at::zeros({5, 360});
  s[0][0] = 0.5f;     // first bin alone: 1997.379 cents
  s[1][359] = 0.5f;   // last bin alone
  s[2][100] = 0.03f;  // the threshold itself is unvoiced
  s[3][100] = 0.031f;
  const at::Tensor f0 = f0_from_salience(s);
  const auto hz = [](double bin) {
    return 10.0 * std::exp2((1997.3794084376191 + 20 * bin) / 1200);
  };
  test::expect_close("edges", f0, at::tensor({hz(0), hz(359), 0.0, hz(100), 0.0}), 0, 1e-12);
  EXPECT_EQ(f0_from_salience(s, 0.04)[3].item<double>(), 0.0);
  EXPECT_EQ(f0_from_salience(s, -1)[4].item<double>(), 0.0);
  EXPECT_THROW(f0_from_salience(at::zeros({3, 361})), Error);
  EXPECT_EQ(f0_from_salience(at::zeros({0, 360})).numel(), 0);
}

}  // namespace
}  // namespace vl::dsp
