#include "vl/kernels/gemv/gemv.h"

#include <cmath>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/support.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/row_attention/row_attention.h"

namespace vl {
namespace {

using kernels::GemvMatrix;
using kernels::Isa;
using kernels::WeightType;
using test::uniform;

/// A matrix of any type and what its elements stand for.
struct Weights {
  Weights(WeightType type, int64_t out, int64_t in, bool with_bias) {
    values = uniform(out * in, 3);
    bias = uniform(out, 4);
    scale = uniform(out, 5, 0.01F);
    if (type == WeightType::kBfloat16) {
      half.resize(values.size());
      kernels::to_bfloat16(values.data(), out * in, half.data());
      for (size_t i = 0; i < half.size(); ++i) {
        const uint32_t bits = uint32_t{half[i]} << 16;
        std::memcpy(&values[i], &bits, sizeof bits);
      }
    }
    if (type == WeightType::kInt8)
      for (size_t i = 0; i < values.size(); ++i) {
        small.push_back(static_cast<int8_t>(std::lround(values[i] * 127)));
        values[i] = static_cast<float>(small[i]) * scale[i / static_cast<size_t>(in)];
      }
    matrix = {.type = type,
              .weight = type == WeightType::kInt8       ? static_cast<void*>(small.data())
                        : type == WeightType::kBfloat16 ? static_cast<void*>(half.data())
                                                        : static_cast<void*>(values.data()),
              .scale = type == WeightType::kInt8 ? scale.data() : nullptr,
              .bias = with_bias ? bias.data() : nullptr,
              .out = out,
              .in = in};
  }

  std::vector<float> values, bias, scale;
  std::vector<uint16_t> half;
  std::vector<int8_t> small;
  GemvMatrix matrix;
};

struct Row {
  int64_t rows, out, in;
  bool bias, relu, add;
};

void PrintTo(const Row& r, std::ostream* out) { *out << r.rows << "x" << r.out << "x" << r.in; }

const Row kRows[] = {
    {1, 1, 1, true, false, false},    {1, 37, 1024, true, false, false},
    {2, 19, 67, true, true, false},   {3, 23, 130, false, false, true},
    {4, 16, 64, true, false, true},   {5, 33, 257, true, true, true},
    {6, 7, 15, false, false, false},  {7, 11, 100, true, false, false},
    {8, 40, 320, true, false, true},  {9, 50, 65, true, true, false},
    {21, 67, 129, true, false, true}, {1, 5, 4096, false, true, false},
};

class GemvCase : public testing::TestWithParam<std::tuple<Row, WeightType, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(GemvCase, EqualsTheDefinition) {
  const auto& [r, type, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const Weights w(type, r.out, r.in, r.bias);
  const auto columns = static_cast<double>(r.in);
  // int8: activations of 16 bits.
  const double tolerance =
      1e-6 + 2e-7 * columns + (type == WeightType::kInt8 ? 2e-5 * std::sqrt(columns) : 0.0);
  const int64_t ldx = r.in + 3, ldy = r.out + 2, begin = r.out > 4 ? 3 : 0;
  const auto x = uniform(r.rows * ldx, 6), before = uniform(r.rows * ldy, 7);
  auto y = before;
  kernels::gemv(w.matrix,
                {.rows = r.rows,
                 .x = x.data(),
                 .ldx = ldx,
                 .y = y.data(),
                 .ldy = ldy,
                 .relu = r.relu,
                 .add = r.add},
                begin, r.out);
  for (int64_t i = 0; i < r.rows; ++i)
    for (int64_t o = 0; o < ldy; ++o) {
      const auto at = static_cast<size_t>(i * ldy + o);
      if (o < begin || o >= r.out) {
        ASSERT_EQ(y[at], before[at]) << "outside the outputs asked for";
        continue;
      }
      double want = r.bias ? w.bias[static_cast<size_t>(o)] : 0.0;
      for (int64_t k = 0; k < r.in; ++k)
        want += double{x[static_cast<size_t>(i * ldx + k)]} *
                w.values[static_cast<size_t>(o * r.in + k)];
      if (r.relu) want = std::max(want, 0.0);
      if (r.add) want += before[at];
      ASSERT_NEAR(y[at], want, tolerance) << i << "," << o;
    }
  // Alone, a row gets the same bits.
  std::vector<float> alone(static_cast<size_t>(r.out));
  const auto last = static_cast<size_t>((r.rows - 1) * ldy);
  std::copy_n(before.begin() + static_cast<long>(last), r.out, alone.begin());
  kernels::gemv(w.matrix,
                {.rows = 1,
                 .x = x.data() + (r.rows - 1) * ldx,
                 .ldx = ldx,
                 .y = alone.data(),
                 .ldy = ldy,
                 .relu = r.relu,
                 .add = r.add},
                begin, r.out);
  for (size_t o = 0; o < alone.size(); ++o) ASSERT_EQ(alone[o], y[last + o]) << o;
}

INSTANTIATE_TEST_SUITE_P(Rows, GemvCase,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(WeightType::kFloat32,
                                                          WeightType::kBfloat16, WeightType::kInt8),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2, Isa::kAvx512,
                                                          Isa::kVnni)));

class OnIsa : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    kernels::set_cpu_isa(GetParam());
    if (kernels::cpu_isa() != GetParam()) GTEST_SKIP() << "this CPU has no such instructions";
  }
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(OnIsa, LayerNormEqualsTheDefinition) {
  for (const int64_t n : {1, 7, 16, 65, 1024}) {
    auto x = uniform(n, 1);
    for (float& v : x) v = v * 3 + 20;  // a mean far from 0
    const auto weight = uniform(n, 2), bias = uniform(n, 3);
    std::vector<float> y(x.size());
    kernels::layer_norm_row(x.data(), n, weight.data(), bias.data(), 1e-5F, y.data());
    double mean = 0, variance = 0;
    for (const float v : x) mean += v / static_cast<double>(n);
    for (const float v : x) variance += (v - mean) * (v - mean) / static_cast<double>(n);
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], (x[i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i], 2e-5)
          << n << " " << i;
  }
}

TEST_P(OnIsa, RowAttentionEqualsTheDefinition) {
  const struct {
    int64_t heads, width, shared, own;
    float top;
    bool half;
  } rows[] = {{1, 1, 0, 1, 1, false},     {2, 16, 0, 5, 1, false},   {3, 64, 33, 1, 1, false},
              {4, 64, 100, 77, 9, false}, {2, 21, 18, 31, 3, false}, {2, 64, 20, 50, 3, true},
              {3, 128, 0, 40, 40, true},  {1, 200, 3, 3, 1, false}};
  for (const auto& r : rows) {
    const int64_t total = r.shared + r.own, room = r.own + 6;
    auto keys = uniform(r.heads * total * r.width, 1, r.top),
         values = uniform(r.heads * total * r.width, 2);
    std::vector<uint16_t> half[4];
    std::vector<float> full[4];
    // [heads, rows, width] in two pieces, the second with room behind it.
    for (int i = 0; i < 4; ++i) {
      auto& from = i % 2 == 0 ? keys : values;
      const int64_t count = i < 2 ? r.shared : r.own, capacity = i < 2 ? r.shared : room;
      full[i].assign(static_cast<size_t>(r.heads * capacity * r.width), NAN);
      half[i].assign(full[i].size(), 0x7FC0);
      for (int64_t h = 0; h < r.heads; ++h)
        for (int64_t at = 0; at < count * r.width; ++at) {
          const int64_t source = (h * total + (i < 2 ? 0 : r.shared)) * r.width + at,
                        target = h * capacity * r.width + at;
          float& v = from[static_cast<size_t>(source)];
          uint16_t& rounded = half[i][static_cast<size_t>(target)];
          kernels::to_bfloat16(&v, 1, &rounded);
          const uint32_t bits = uint32_t{rounded} << 16;
          if (r.half) std::memcpy(&v, &bits, sizeof bits);
          full[i][static_cast<size_t>(target)] = v;
        }
    }
    const auto data = [&](int i) {
      return r.half ? static_cast<const void*>(half[i].data()) : full[i].data();
    };
    const auto query = uniform(r.heads * r.width, 3, r.top);
    std::vector<float> out(query.size()), scores(static_cast<size_t>(total));
    for (int64_t h = 0; h < r.heads; ++h)
      kernels::attend_row({.query = query.data(),
                           .pieces = {{data(0), data(1), r.shared * r.width, r.shared},
                                      {data(2), data(3), room * r.width, r.own}},
                           .bfloat16 = r.half,
                           .width = r.width,
                           .out = out.data()},
                          h, scores.data());
    for (int64_t h = 0; h < r.heads; ++h) {
      std::vector<double> p;
      double top = -1e30, sum = 0;
      for (int64_t t = 0; t < total; ++t) {
        double s = 0;
        for (int64_t d = 0; d < r.width; ++d)
          s += double{query[static_cast<size_t>(h * r.width + d)]} *
               keys[static_cast<size_t>((h * total + t) * r.width + d)];
        p.push_back(s / std::sqrt(static_cast<double>(r.width)));
        top = std::max(top, p.back());
      }
      for (double& v : p) sum += v = std::exp(v - top);
      for (int64_t d = 0; d < r.width; ++d) {
        double want = 0;
        for (int64_t t = 0; t < total; ++t)
          want += p[static_cast<size_t>(t)] / sum *
                  values[static_cast<size_t>((h * total + t) * r.width + d)];
        ASSERT_NEAR(out[static_cast<size_t>(h * r.width + d)], want, r.top > 9 ? 2e-4 : 2e-5)
            << r.heads << "x" << r.width << " head " << h << " " << d;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, OnIsa, testing::Values(Isa::kGeneric, Isa::kAvx2, Isa::kAvx512));

TEST(QuantiseRow, SymmetricTiesToEven) {
  const float in[] = {127, -127, 0.5F, 1.5F, 2.5F, -0.5F, 63.4F, 0};
  int8_t out[8];
  EXPECT_FLOAT_EQ(kernels::quantise_row(in, 8, out), 1.0F);
  const int want[] = {127, -127, 0, 2, 2, 0, 63, 0};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(out[i], want[i]) << in[i];
  const float zeros[3] = {};
  EXPECT_GT(kernels::quantise_row(zeros, 3, out), 0);
  EXPECT_EQ(out[0], 0);
}

TEST(Bfloat16, RoundsToTheNearestTiesToEven) {
  const float in[] = {1.0F, 1.00390625F, 1.01171875F, -3.14159F, 0.0F};
  uint16_t out[5];
  kernels::to_bfloat16(in, 5, out);
  const uint16_t want[] = {0x3F80, 0x3F80, 0x3F82, 0xC049, 0x0000};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(out[i], want[i]) << in[i];
}

}  // namespace
}  // namespace vl
