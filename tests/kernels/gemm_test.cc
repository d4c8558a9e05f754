#include "vl/kernels/gemm/gemm.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/support.h"
#include "vl/kernels/cpu_isa.h"

namespace vl {
namespace {

using kernels::Isa;

struct Row {
  int64_t rows, k, n, lda;
  bool bias, add;
};

void PrintTo(const Row& r, std::ostream* out) {
  *out << r.rows << "x" << r.k << "x" << r.n << " lda " << r.lda;
}

const Row kRows[] = {
    {1, 1, 1, 1, false, false},    {13, 40, 32, 40, true, false},
    {25, 64, 48, 64, true, true},  {100, 80, 33, 40, true, true},  // overlapping rows
    {12, 7, 16, 1, false, true},   {37, 300, 256, 256, false, false},
    {5, 32, 64, 32, true, false},  {30, 128, 17, 128, true, false},
    {3, 512, 96, 512, true, true},
};

class GemmCase : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(GemmCase, EqualsTheDefinition) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  std::mt19937 draw(7);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const auto fill = [&](int64_t count) {
    std::vector<float> out(static_cast<size_t>(count));
    for (float& v : out) v = uniform(draw);
    return out;
  };
  const auto a = fill((r.rows - 1) * r.lda + r.k), b = fill(r.k * r.n);
  const kernels::PackedMatrix packed(b.data(), r.k, r.n, r.n, 1);
  const int64_t width = packed.padded(), ldc = width + 3;
  auto bias = fill(width), c = fill(r.rows * ldc);
  std::fill(bias.begin() + r.n, bias.end(), 0.0F);
  const auto before = c;
  kernels::gemm(r.rows, a.data(), r.lda, packed, c.data(), ldc, r.bias ? bias.data() : nullptr,
                r.add);
  for (int64_t i = 0; i < r.rows; ++i)
    for (int64_t j = 0; j < ldc; ++j) {
      const int64_t at = i * ldc + j;
      if (j >= width) {
        ASSERT_EQ(c[at], before[at]) << "beyond the columns";
        continue;
      }
      double want = (r.bias ? bias[j] : 0.0) + (r.add ? before[at] : 0.0);
      for (int64_t k = 0; k < r.k && j < r.n; ++k)
        want += double{a[i * r.lda + k]} * b[k * r.n + j];
      ASSERT_NEAR(c[at], want, 1e-6 + 1e-7 * r.k) << i << "," << j;
    }
}

INSTANTIATE_TEST_SUITE_P(Rows, GemmCase,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

TEST_P(GemmCase, ColumnsWithReluEqualTheWhole) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const auto a = test::uniform((r.rows - 1) * r.lda + r.k, 1), b = test::uniform(r.k * r.n, 2);
  const kernels::PackedMatrix packed(b.data(), r.k, r.n, r.n, 1);
  const int64_t width = packed.padded();
  const auto bias = test::uniform(width, 3);
  std::vector<float> whole(static_cast<size_t>(r.rows * width)), parts(whole.size());
  kernels::gemm(r.rows, a.data(), r.lda, packed, whole.data(), width, bias.data(), false);
  for (int64_t n = 0; n < width; n += kernels::kGemmPanel)
    kernels::gemm_columns(r.rows, a.data(), r.lda, packed, n, parts.data(), width, bias.data(),
                          false, /*relu=*/true);
  for (float& v : whole) v = std::max(v, 0.0F);
  EXPECT_EQ(whole, parts);
}

}  // namespace
}  // namespace vl
