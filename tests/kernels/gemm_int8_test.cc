#include "vl/kernels/gemm_int8/gemm_int8.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/support.h"
#include "vl/kernels/cpu_isa.h"

namespace vl {
namespace {

using kernels::GemvMatrix;
using kernels::GemvRows;
using kernels::Isa;
using test::uniform;

struct Row {
  int64_t rows, out, in;
  bool bias, relu, add;
};

void PrintTo(const Row& r, std::ostream* out) { *out << r.rows << "x" << r.out << "x" << r.in; }

class GemmInt8Case : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void SetUp() override {
    const Isa isa = std::get<1>(GetParam());
    kernels::set_cpu_isa(isa);
    if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  }
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(GemmInt8Case, EqualsTheProductOfSingleRowsBitByBit) {
  const Row& r = std::get<0>(GetParam());
  std::mt19937 draw(1);
  std::uniform_int_distribution<int> bytes(-127, 127);
  std::vector<int8_t> weight(static_cast<size_t>(r.out * r.in));
  for (int8_t& v : weight) v = static_cast<int8_t>(bytes(draw));
  const auto scale = uniform(r.out, 2, 0.01F), bias = uniform(r.out, 3);
  const int64_t ldx = r.in + 3, ldy = r.out + 2;
  auto x = uniform(r.rows * ldx, 4, 3), before = uniform(r.rows * ldy, 5);
  for (int64_t k = 0; k < r.in; ++k) x[static_cast<size_t>((r.rows - 1) * ldx + k)] *= 1e-4F;
  if (r.rows > 4) {
    for (int64_t k = 0; k < r.in; ++k) x[static_cast<size_t>(2 * ldx + k)] = 0;
    x[static_cast<size_t>(3 * ldx)] = std::nanf("");
  }
  const GemvMatrix m = {.type = kernels::WeightType::kInt8,
                        .weight = weight.data(),
                        .scale = scale.data(),
                        .bias = r.bias ? bias.data() : nullptr,
                        .out = r.out,
                        .in = r.in};
  auto got = before, want = before;
  GemvRows rows = {.rows = r.rows,
                   .x = x.data(),
                   .ldx = ldx,
                   .y = got.data(),
                   .ldy = ldy,
                   .relu = r.relu,
                   .add = r.add};
  kernels::gemm_int8(m, rows);
  rows.y = want.data();
  kernels::gemv(m, rows, 0, r.out);
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(want[i])) {
      ASSERT_TRUE(r.rows > 4 && static_cast<int64_t>(i) / ldy == 3) << i;
      ASSERT_TRUE(std::isnan(got[i])) << i;
      continue;
    }
    ASSERT_EQ(got[i], want[i]) << "row " << static_cast<int64_t>(i) / ldy << " output "
                               << static_cast<int64_t>(i) % ldy;
  }
  if (r.rows > 4) {
    EXPECT_TRUE(std::isnan(got[static_cast<size_t>(3 * ldy)])) << "hidden";
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, GemmInt8Case,
                         testing::Combine(testing::Values(Row{1, 1, 1, true, false, false},
                                                          Row{2, 16, 64, true, false, false},
                                                          Row{32, 32, 64, false, false, false},
                                                          Row{33, 65, 67, true, true, false},
                                                          Row{47, 31, 130, false, false, true},
                                                          Row{5, 200, 1024, true, true, true},
                                                          Row{300, 130, 1030, true, false, true},
                                                          Row{70, 48, 4096, true, false, false},
                                                          Row{18, 5, 8192, true, false, false}),
                                          testing::Values(Isa::kVnni, Isa::kAmx)));

}  // namespace
}  // namespace vl
