#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/support.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/direct_conv1d/direct_conv1d.h"

namespace vl {
namespace {

using kernels::DirectConv1d;
using kernels::Isa;
using kernels::SignalRows;
using kernels::WinogradConv1d;
using test::uniform;

/// A signal [rows, padded channels] whose padding is zero, as the kernel keeps it.
std::vector<float> signal(int64_t rows, int64_t channels, unsigned seed) {
  const int64_t width = kernels::padded_channels(channels);
  std::vector<float> out = uniform(rows * width, seed);
  for (int64_t t = 0; t < rows; ++t)
    std::fill(out.begin() + t * width + channels, out.begin() + (t + 1) * width, 0.0F);
  return out;
}

struct Row {
  int64_t in, out, kernel, dilation, rows, begin, end;
  float slope;
  bool residual, add;
  float scale, out_slope;
  double bar;  // of the largest value
};

void PrintTo(const Row& r, std::ostream* out) {
  *out << r.in << "->" << r.out << " k" << r.kernel << " d" << r.dilation << " T" << r.rows;
}

const Row kRows[] = {
    {16, 16, 3, 1, 1, 0, 1, 1, false, false, 1, 1, 2e-6},
    {16, 16, 3, 1, 3, 0, 3, 0.1F, false, false, 1, 1, 2e-6},
    {32, 32, 3, 5, 57, 0, 57, 0.1F, true, false, 1, 1, 2e-6},
    {32, 32, 7, 3, 203, 11, 190, 0.1F, true, true, 1 / 3.0F, 0.1F, 3e-6},
    {64, 64, 11, 5, 311, 60, 251, 0.1F, true, false, 1, 1, 3e-6},
    {128, 128, 7, 1, 700, 0, 700, 1, false, false, 1, 1, 3e-6},
    {256, 256, 11, 3, 130, 5, 130, 0.1F, true, true, 1 / 3.0F, 0.01F, 4e-6},
    {8, 8, 11, 5, 90, 0, 90, 0.1F, true, false, 1, 1, 3e-6},
    {48, 20, 5, 2, 61, 0, 61, 0.1F, false, false, 1, 1, 3e-6},
    {2, 3, 1, 1, 10, 0, 10, 1, false, false, 1, 1, 2e-6},
};

float leaky(float x, float slope) { return x > 0 ? x : x * slope; }

/// The definition, in double.
double expected(const Row& r, const std::vector<float>& weight, const std::vector<float>& bias,
                const std::vector<float>& x, int64_t t, int64_t o) {
  const int64_t width = kernels::padded_channels(r.in);
  double sum = bias[o];
  for (int64_t k = 0; k < r.kernel; ++k) {
    const int64_t at = t + (k - r.kernel / 2) * r.dilation;
    if (at < 0 || at >= r.rows) continue;
    for (int64_t i = 0; i < r.in; ++i)
      sum += double{leaky(x[at * width + i], r.slope)} * weight[(o * r.in + i) * r.kernel + k];
  }
  return sum;
}

class Conv1dCase : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

template <class Conv>
void expect_definition(const Row& r, double bar) {
  const int64_t width = kernels::padded_channels(r.out);
  const auto weight = uniform(r.out * r.in * r.kernel, 1), bias = uniform(r.out, 2);
  auto x = signal(r.rows, r.in, 3), y = signal(r.rows, r.out, 4);
  auto residual = signal(r.rows, r.out, 5);
  const auto before = y;
  const Conv conv(weight.data(), bias.data(), r.out, r.in, r.kernel, r.dilation);
  std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
  const SignalRows kept = {residual.data(), 0, r.rows};
  conv.run({x.data(), 0, r.rows}, {y.data(), 0, r.rows}, r.begin, r.end,
           {r.slope, r.residual ? &kept : nullptr, r.add, r.scale, r.out_slope}, scratch.data());
  double worst = 0, largest = 0;
  for (int64_t t = 0; t < r.rows; ++t)
    for (int64_t o = 0; o < width; ++o) {
      const size_t at = static_cast<size_t>(t * width + o);
      if (t < r.begin || t >= r.end) {
        ASSERT_EQ(y[at], before[at]) << "row " << t << " is outside the range";
        continue;
      }
      double want = o < r.out ? expected(r, weight, bias, x, t, o) : 0;
      if (r.residual) want += residual[at];
      if (r.add) want += before[at];
      want = leaky(static_cast<float>(want * r.scale), r.out_slope);
      worst = std::max(worst, std::abs(want - y[at]));
      largest = std::max(largest, std::abs(want));
    }
  EXPECT_LE(worst, bar * largest);
}

TEST_P(Conv1dCase, EqualsTheDefinition) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  expect_definition<WinogradConv1d>(r, r.bar);
  expect_definition<DirectConv1d>(r, r.bar / 2);
}

INSTANTIATE_TEST_SUITE_P(Rows, Conv1dCase,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

template <class Conv>
class Conv1dForms : public testing::Test {};
using Forms = testing::Types<WinogradConv1d, DirectConv1d>;
TYPED_TEST_SUITE(Conv1dForms, Forms);

TYPED_TEST(Conv1dForms, APartHasTheBitsOfTheWhole) {
  const int64_t rows = 200, channels = 32;
  const auto weight = uniform(channels * channels * 7, 1), bias = uniform(channels, 2);
  auto x = signal(rows, channels, 3);
  std::vector<float> whole(x.size()), part(x.size());
  const TypeParam conv(weight.data(), bias.data(), channels, channels, 7, 3);
  std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
  conv.run({x.data(), 0, rows}, {whole.data(), 0, rows}, 0, rows, {}, scratch.data());
  for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, 1}, {37, 101}, {190, 200}}) {
    conv.run({x.data(), 0, rows}, {part.data(), 0, rows}, begin, end, {}, scratch.data());
    for (int64_t i = begin * channels; i < end * channels; ++i) ASSERT_EQ(part[i], whole[i]) << i;
  }
}

TYPED_TEST(Conv1dForms, InPlaceResidual) {
  const int64_t rows = 50, channels = 16;
  const auto weight = uniform(channels * channels * 3, 1), bias = uniform(channels, 2);
  auto x = signal(rows, channels, 3), y = signal(rows, channels, 4);
  std::vector<float> apart(y.size());
  const TypeParam conv(weight.data(), bias.data(), channels, channels, 3, 1);
  std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
  const SignalRows residual = {y.data(), 0, rows};
  conv.run({x.data(), 0, rows}, {apart.data(), 0, rows}, 0, rows, {.residual = &residual},
           scratch.data());
  conv.run({x.data(), 0, rows}, residual, 0, rows, {.residual = &residual}, scratch.data());
  EXPECT_EQ(y, apart);
}

TEST(WinogradConv1d, ColumnsInPartsHaveTheBitsOfTheWhole) {
  const int64_t rows = 61, in = 20, out = 112;
  const auto weight = uniform(out * in * 3, 1), bias = uniform(out, 2);
  auto x = signal(rows, in, 3);
  std::vector<float> whole(static_cast<size_t>(rows * out)), parts(whole.size());
  const WinogradConv1d conv(weight.data(), bias.data(), out, in, 3, 1);
  std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
  conv.run({x.data(), 0, rows}, {whole.data(), 0, rows}, 0, rows, {}, scratch.data());
  for (const auto& [first, end] : {std::pair<int64_t, int64_t>{0, 64}, {64, 96}, {96, 128}})
    conv.run({x.data(), 0, rows}, {parts.data(), 0, rows}, 0, rows,
             {.first_column = first, .end_column = end}, scratch.data());
  EXPECT_EQ(whole, parts);
}

}  // namespace
}  // namespace vl
