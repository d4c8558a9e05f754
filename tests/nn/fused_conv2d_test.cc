#include "vl/nn/fused_conv2d.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/weights/fill.h"

namespace vl::nn {
namespace {

using kernels::Isa;
using Options = FusedConv2d::Options;

struct Row {
  int64_t in, out, kernel;
  Options options;
  int64_t batch, height, width;
  bool residual, relu;
  double bar;  // of the largest value
};

void PrintTo(const Row& r, std::ostream* out) {
  *out << r.in << "->" << r.out << " k" << r.kernel << " s" << r.options.stride[0] << " B"
       << r.batch << ' ' << r.height << 'x' << r.width << (r.options.transposed ? " up" : "");
}

Options same(int64_t side) { return {.padding = {1, 1}, .side = side}; }

Options half() { return {.stride = {2, 2}, .padding = {1, 1}}; }

Options twice(std::vector<int64_t> parts = {}) {
  return {.stride = {2, 2}, .padding = {1, 1}, .transposed = true, .parts = std::move(parts)};
}

const Row kRows[] = {
    {16, 32, 3, same(1), 1, 3, 3, true, true, 2e-6},
    {32, 512, 3, same(6), 1, 6, 6, false, true, 2e-6},
    {64, 64, 3, same(96), 2, 40, 33, true, true, 3e-6},
    {200, 130, 3, same(12), 3, 12, 12, false, false, 3e-6},
    {64, 96, 3, half(), 2, 24, 17, false, true, 2e-6},
    {512, 512, 1, {}, 1, 1, 1, false, true, 2e-6},
    {6, 16, 7, {.padding = {3, 3}, .narrow = true}, 2, 29, 31, false, true, 2e-6},
    {1, 32, 3, {.padding = {1, 1}, .narrow = true}, 2, 80, 16, false, true, 2e-6},
    {2, 1, 3, same(96), 1, 9, 9, true, true, 3e-6},
    {160, 64, 3, twice(), 1, 19, 20, false, true, 2e-6},
    {7, 5, 3, twice({4, 3}), 2, 6, 5, false, true, 2e-6},
    {69, 48, 3, twice({20, 49}), 2, 3, 3, false, false, 2e-6},
    {96, 512, 3, {.stride = {3, 3}, .transposed = true}, 2, 1, 1, false, true, 2e-6},
    {53, 32, 3, {.padding = {1, 1}, .side = 96, .parts = {37, 16}}, 2, 20, 16, false, true, 3e-6},
};

/// Parts of x side by side, each padded.
FeatureMap input_map(const at::Tensor& x, const Options& o) {
  if (o.narrow) return FeatureMap::copy_narrow(x);
  if (o.parts.empty()) return FeatureMap::copy(x);
  const FeatureMap out = FeatureMap::side_by_side(x.size(0), x.size(2), x.size(3), o.parts);
  int64_t from = 0, to = 0;
  for (const int64_t part : o.parts) {
    const FeatureMap copy = FeatureMap::copy(x.slice(1, from, from + part));
    out.part(to, part).pixels.copy_(copy.pixels);
    from += part, to += copy.pixels.size(3);
  }
  return out;
}

class Fused : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(Fused, EqualsThePlainConvolution) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const Options& o = r.options;
  const double scale = 1 / std::sqrt(static_cast<double>(r.in * r.kernel * r.kernel));
  const at::Tensor x = weights::fill_tensor("x", {r.batch, r.in, r.height, r.width}, 1),
                   w = weights::fill_tensor("w", {r.out, r.in, r.kernel, r.kernel}, 2, scale),
                   b = weights::fill_tensor("b", {r.out}, 3);
  const auto wide = [](const at::Tensor& t) { return t.to(at::kDouble); };
  const at::Tensor weight = o.transposed ? w.transpose(0, 1).contiguous() : w;
  // At 1 x 1 a kernel of 3 gives 3 x 3 results whatever the stride.
  const int64_t more = o.transposed ? o.stride[0] - r.kernel + 2 * o.padding[0] : 0;
  at::Tensor want =
      o.transposed ? at::conv_transpose2d(wide(x), wide(weight), wide(b), o.stride, o.padding, more)
                   : at::conv2d(wide(x), wide(w), wide(b), o.stride, o.padding);
  const at::Tensor kept = weights::fill_tensor("kept", want.sizes(), 4);
  if (r.residual) want = want + kept;
  if (r.relu) want = want.relu();
  const FusedConv2d conv(weight, b, o);
  const FeatureMap residual = FeatureMap::copy(kept);
  const FeatureMap y = conv(input_map(x, o), r.residual ? &residual : nullptr, r.relu);
  test::expect_close("result", y.nchw(), want, 0, r.bar);
  if (y.pixels.size(3) > r.out) {
    EXPECT_EQ(y.pixels.slice(3, r.out).abs().max().item<float>(), 0) << "padding has values";
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Fused,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

TEST(FusedConv2d, APictureHasTheSameBitsInABatch) {
  for (const Options& o : {same(1), same(6), same(20), half(), twice()}) {
    const at::Tensor x = weights::fill_tensor("x", {5, 48, 20, 18}, 1),
                     w = weights::fill_tensor("w", {48, 48, 3, 3}, 2),
                     b = weights::fill_tensor("b", {48}, 3);
    const FusedConv2d conv(w, b, o);
    const auto run = [&](const at::Tensor& in) {
      return conv(FeatureMap::copy(in), nullptr, true).nchw();
    };
    const at::Tensor all = run(x);
    for (int64_t i = 0; i < 5; ++i) EXPECT_TRUE(run(x.slice(0, i, i + 1))[0].equal(all[i]));
  }
}

TEST(FusedConv2d, TheResultCanBeThePartOfAMap) {
  const at::Tensor x = weights::fill_tensor("x", {2, 16, 12, 12}, 1),
                   w = weights::fill_tensor("w", {24, 16, 3, 3}, 2),
                   b = weights::fill_tensor("b", {24}, 3);
  for (const Options& o : {same(1), same(6), same(12)}) {
    const FusedConv2d conv(w, b, o);
    const FeatureMap both = FeatureMap::side_by_side(2, 12, 12, {16, 24, 5});
    both.pixels.fill_(7);
    conv.run(FeatureMap::copy(x), both.part(16, 24), nullptr, false);
    const FeatureMap alone = conv(FeatureMap::copy(x), nullptr, false);
    EXPECT_TRUE(both.part(16, 24).nchw().equal(alone.nchw()));
    EXPECT_TRUE(both.pixels.slice(3, 0, 16).eq(7).all().item<bool>());
    EXPECT_TRUE(both.pixels.slice(3, 48).eq(7).all().item<bool>());
  }
}

TEST(FusedConv2d, NaNStays) {
  at::Tensor x = at::zeros({1, 16, 20, 20});
  x[0][3][10][10] = NAN;
  for (const Options& o : {same(1), same(6), same(20)}) {
    const FusedConv2d conv(at::ones({16, 16, 3, 3}), at::zeros({16}), o);
    const at::Tensor y = conv(FeatureMap::copy(x), nullptr, /*relu=*/true).nchw()[0];
    EXPECT_TRUE(y.slice(1, 9, 12).slice(2, 9, 12).isnan().all().item<bool>());
    EXPECT_FALSE(y.slice(1, 0, 5).isnan().any().item<bool>());
  }
}

}  // namespace
}  // namespace vl::nn
