#include "vl/nn/channels_last_conv1d.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/weights/fill.h"

namespace vl::nn {
namespace {

using kernels::Isa;
using Sums = ChannelsLastConv1d::Sums;

struct Row {
  int64_t in, out, kernel, batch, length;
  bool add, relu;
  double plain, winograd;  // bars, of the largest value
};

void PrintTo(const Row& r, std::ostream* out) {
  *out << r.in << "->" << r.out << " k" << r.kernel << " B" << r.batch << " T" << r.length;
}

const Row kRows[] = {
    {16, 32, 3, 1, 1, false, false, 1e-6, 3e-6},   {16, 48, 1, 1, 9, false, true, 1e-6, 1e-6},
    {24, 40, 3, 2, 2, true, false, 1e-6, 3e-6},    {7, 5, 9, 3, 4, true, true, 1e-6, 3e-6},
    {64, 96, 5, 2, 61, false, true, 1e-6, 3e-6},   {384, 1536, 3, 1, 100, false, true, 2e-6, 4e-6},
    {130, 33, 7, 2, 481, true, false, 2e-6, 4e-6}, {1, 1, 3, 1, 1000, false, false, 1e-6, 3e-6},
};

class ChannelsLast : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(ChannelsLast, EqualsThePlainConvolution) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const double scale = 1 / std::sqrt(static_cast<double>(r.in * r.kernel));
  const at::Tensor x = weights::fill_tensor("x", {r.batch, r.length, r.in}, 1),
                   y = weights::fill_tensor("y", {r.batch, r.length, r.out}, 2),
                   w = weights::fill_tensor("w", {r.out, r.in, r.kernel}, 3, scale),
                   b = weights::fill_tensor("b", {r.out}, 4);
  const auto wide = [](const at::Tensor& t) { return t.to(at::kDouble); };
  at::Tensor want =
      at::conv1d(wide(x).transpose(1, 2), wide(w), wide(b), 1, r.kernel / 2).transpose(1, 2);
  if (r.add) want = want + y;
  if (r.relu) want = want.relu();
  for (const Sums sums : {Sums::kPlain, Sums::kWinograd}) {
    const ChannelsLastConv1d conv(w, b, sums);
    RowBatch out = RowBatch::copy(y, 2);
    conv(RowBatch::copy(x, conv.margin()), out, r.add, r.relu);
    const bool plain = sums == Sums::kPlain;
    test::expect_close(plain ? "plain" : "winograd", out.signals(), want, 0,
                       plain ? r.plain : r.winograd);
    EXPECT_EQ(out.rows.slice(1, 0, 2).abs().max().item<float>(), 0) << "a margin was written";
    EXPECT_EQ(out.rows.slice(1, 2 + r.length).abs().max().item<float>(), 0);
    if (out.rows.size(2) > r.out) {
      EXPECT_EQ(out.rows.slice(2, r.out).abs().max().item<float>(), 0) << "padding has values";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ChannelsLast,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

TEST(ChannelsLast, ASignalHasTheSameBitsInABatch) {
  const at::Tensor x = weights::fill_tensor("x", {3, 530, 48}, 1),
                   w = weights::fill_tensor("w", {64, 48, 3}, 2),
                   b = weights::fill_tensor("b", {64}, 3);
  for (const Sums sums : {Sums::kPlain, Sums::kWinograd}) {
    const ChannelsLastConv1d conv(w, b, sums);
    const auto run = [&](const at::Tensor& in) {
      RowBatch out = RowBatch::empty(in.size(0), in.size(1), 64, 0);
      conv(RowBatch::copy(in, 1), out, false, false);
      return out.signals().clone();
    };
    const at::Tensor all = run(x);
    for (int64_t i = 0; i < 3; ++i) EXPECT_TRUE(run(x.slice(0, i, i + 1))[0].equal(all[i]));
  }
}

TEST(ChannelsLast, NaNStays) {
  at::Tensor x = at::zeros({1, 40, 16});
  x[0][20][3] = NAN;
  const at::Tensor w = at::ones({16, 16, 3}), b = at::zeros({16});
  for (const Sums sums : {Sums::kPlain, Sums::kWinograd}) {
    const ChannelsLastConv1d conv(w, b, sums);
    RowBatch out = RowBatch::empty(1, 40, 16, 0);
    conv(RowBatch::copy(x, 1), out, false, /*relu=*/true);
    EXPECT_TRUE(out.signals()[0].slice(0, 19, 22).isnan().all().item<bool>());
    EXPECT_FALSE(out.signals()[0].slice(0, 0, 10).isnan().any().item<bool>());
  }
}

}  // namespace
}  // namespace vl::nn
