#include "vl/nn/fused_separable_conv2d.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/weights/fill.h"

namespace vl::nn {
namespace {

using kernels::Isa;

struct Row {
  int64_t in, out, batch, height, width;
  bool relu;
};

void PrintTo(const Row& r, std::ostream* out) {
  *out << r.in << "->" << r.out << " B" << r.batch << ' ' << r.height << 'x' << r.width;
}

const Row kRows[] = {{16, 16, 1, 1, 1, true},   {16, 64, 2, 2, 2, true},  {64, 64, 1, 48, 80, true},
                     {64, 16, 3, 5, 7, false},  {20, 33, 2, 9, 4, true},  {1, 3, 1, 6, 8, false},
                     {64, 64, 2, 12, 20, true}, {16, 16, 1, 96, 3, true}, {64, 96, 1, 3, 50, true}};

struct Weights {
  at::Tensor point, point_bias, depth, depth_bias;

  Weights(int64_t in, int64_t out)
      : point(weights::fill_tensor("point", {out, in, 1, 1}, 1, 0.3)),
        point_bias(weights::fill_tensor("point_bias", {out}, 2)),
        depth(weights::fill_tensor("depth", {out, 1, 3, 3}, 3, 0.5)),
        depth_bias(weights::fill_tensor("depth_bias", {out}, 4)) {}

  FusedSeparableConv2d fused(bool relu) const {
    return {point, point_bias, depth, depth_bias, relu};
  }
  at::Tensor plain(const at::Tensor& x, bool relu) const {
    const auto wide = [](const at::Tensor& t) { return t.to(at::kDouble); };
    const at::Tensor y = at::conv2d(at::conv2d(wide(x), wide(point), wide(point_bias)), wide(depth),
                                    wide(depth_bias), 1, 1, 1, depth.size(0));
    return relu ? y.relu() : y;
  }
};

class Separable : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(Separable, EqualsThePlainConvolutions) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const Weights w(r.in, r.out);
  const at::Tensor x = weights::fill_tensor("x", {r.batch, r.in, r.height, r.width}, 5),
                   want = w.plain(x, r.relu);
  const FusedSeparableConv2d conv = w.fused(r.relu);
  const FeatureMap in = FeatureMap::copy(x), y = conv(in);
  test::expect_close("result", y.nchw(), want, 0, 1e-6);
  if (y.pixels.size(3) > r.out) {
    EXPECT_EQ(y.pixels.slice(3, r.out).abs().max().item<float>(), 0) << "padding has values";
  }
  if (r.height % 2 != 0 || r.width % 2 != 0) return;
  FeatureMap unpooled;
  const at::Tensor half = at::max_pool2d(y.nchw(), {2, 2}, {2, 2});
  EXPECT_TRUE(conv.pooled(in).nchw().equal(half));
  EXPECT_TRUE(conv.pooled(in, &unpooled).nchw().equal(half));
  EXPECT_TRUE(unpooled.pixels.equal(y.pixels));
}

INSTANTIATE_TEST_SUITE_P(Rows, Separable,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

TEST(SeparableConv2d, APictureHasTheSameBitsInABatch) {
  const FusedSeparableConv2d conv = Weights(64, 64).fused(true);
  const at::Tensor x = weights::fill_tensor("x", {3, 64, 40, 14}, 5),
                   all = conv(FeatureMap::copy(x)).nchw();
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(conv(FeatureMap::copy(x.slice(0, i, i + 1))).nchw()[0].equal(all[i]));
}

TEST(SeparableConv2d, NaNStays) {
  at::Tensor x = at::zeros({1, 16, 20, 20});
  x[0][3][10][10] = NAN;
  const FusedSeparableConv2d conv(at::ones({16, 16, 1, 1}), at::zeros({16}),
                                  at::ones({16, 1, 3, 3}), at::zeros({16}), true);
  FeatureMap y;
  const at::Tensor half = conv.pooled(FeatureMap::copy(x), &y).nchw()[0];
  EXPECT_EQ(y.nchw().isnan().sum().item<int64_t>(), 16 * 9);
  EXPECT_TRUE(half.slice(1, 4, 6).slice(2, 4, 6).isnan().all().item<bool>());
  EXPECT_EQ(half.isnan().sum().item<int64_t>(), 16 * 4);
}

TEST(AddUpsampled, EqualsTheNearestNeighbour) {
  const at::Tensor small = weights::fill_tensor("small", {2, 24, 3, 5}, 1),
                   large = weights::fill_tensor("large", {2, 24, 6, 10}, 2);
  const FeatureMap sum = FeatureMap::copy(large);
  add_upsampled(FeatureMap::copy(small), sum);
  EXPECT_TRUE(sum.nchw().equal(large + at::upsample_nearest2d(small, {6, 10})));
}

}  // namespace
}  // namespace vl::nn
