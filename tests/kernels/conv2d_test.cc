#include "vl/kernels/conv2d/conv2d.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/kernels/support.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"
#include "vl/kernels/winograd_conv2d/winograd_conv2d.h"

namespace vl {
namespace {

using kernels::Conv2dShape;
using kernels::ConvFinish;
using kernels::DirectConv2d;
using kernels::ImageMap;
using kernels::Isa;
using kernels::padded_channels;
using kernels::WinogradConv2d;
using test::uniform;

enum class Form { kDirect, kTransposed, kTile2, kTile4 };

struct Row {
  Form form;
  Conv2dShape shape;
  int64_t batch, height, width;
  int64_t beside_x, beside_y;  // channels of other maps that lie beside
  bool residual, relu;
  double bar;  // of the largest value
};

void PrintTo(const Row& r, std::ostream* out) {
  const Conv2dShape& s = r.shape;
  *out << static_cast<int>(r.form) << ' ' << s.in << "->" << s.out << " k" << s.kernel[0] << 'x'
       << s.kernel[1] << " s" << s.stride[0] << s.stride[1] << " p" << s.padding[0] << " B"
       << r.batch << ' ' << r.height << 'x' << r.width;
}

Conv2dShape square(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding) {
  return {.out = out,
          .in = in,
          .kernel = {kernel, kernel},
          .stride = {stride, stride},
          .padding = {padding, padding}};
}

Conv2dShape narrow(Conv2dShape shape) {
  shape.narrow = true;
  return shape;
}

const Row kRows[] = {
    {Form::kDirect, square(16, 16, 3, 1, 1), 1, 1, 1, 0, 0, false, false, 2e-6},
    {Form::kDirect, square(32, 48, 3, 2, 1), 2, 7, 9, 16, 32, true, true, 2e-6},
    {Form::kDirect, square(20, 5, 1, 1, 0), 3, 5, 4, 0, 16, true, false, 2e-6},
    {Form::kDirect, square(64, 33, 3, 1, 0), 2, 3, 3, 0, 0, false, true, 2e-6},
    {Form::kDirect, square(16, 16, 3, 1, 3), 1, 5, 5, 0, 0, false, false, 2e-6},
    {Form::kDirect,
     {.out = 40, .in = 32, .kernel = {3, 3}, .stride = {3, 2}, .padding = {1, 1}},
     2,
     9,
     6,
     0,
     0,
     false,
     true,
     2e-6},
    {Form::kDirect, narrow(square(6, 16, 7, 1, 3)), 2, 11, 13, 0, 0, false, true, 2e-6},
    {Form::kDirect, narrow(square(6, 16, 7, 1, 3)), 1, 2, 3, 0, 0, false, false, 2e-6},
    {Form::kDirect, narrow(square(3, 16, 3, 2, 1)), 1, 32, 64, 0, 0, false, true, 2e-6},
    {Form::kDirect, narrow(square(1, 32, 3, 1, 1)), 2, 80, 16, 0, 0, false, true, 2e-6},
    {Form::kTransposed, square(16, 16, 3, 2, 1), 1, 1, 1, 0, 0, false, false, 2e-6},
    {Form::kTransposed, square(32, 20, 3, 2, 1), 2, 5, 7, 16, 48, false, true, 2e-6},
    {Form::kTransposed, square(64, 64, 3, 3, 0), 3, 1, 1, 0, 16, false, true, 2e-6},
    {Form::kTransposed, square(16, 32, 4, 2, 1), 2, 4, 3, 0, 0, true, true, 2e-6},
    {Form::kTile2, square(16, 16, 3, 1, 1), 1, 1, 1, 0, 0, false, false, 2e-6},
    {Form::kTile2, square(48, 80, 3, 1, 1), 3, 6, 5, 16, 16, true, true, 2e-6},
    {Form::kTile2, square(18, 3, 3, 1, 0), 2, 9, 4, 0, 0, false, false, 2e-6},
    {Form::kTile4, square(16, 16, 3, 1, 1), 1, 1, 1, 0, 0, false, false, 3e-6},
    {Form::kTile4, square(64, 64, 3, 1, 1), 2, 12, 11, 16, 0, true, true, 3e-6},
    {Form::kTile4, square(80, 32, 3, 1, 1), 1, 21, 34, 0, 32, false, true, 3e-6},
    {Form::kTile4, square(256, 33, 3, 1, 3), 2, 13, 10, 0, 0, false, false, 3e-6},
};

/// Seeded pixels of `channels` channels and their padding, between other values if `beside`.
struct Pixels {
  std::vector<float> values;
  ImageMap map;

  Pixels(int64_t batch, int64_t height, int64_t width, int64_t channels, int64_t padded,
         int64_t beside, unsigned seed)
      : values(uniform(batch * height * width * (padded + beside), seed)) {
    const int64_t stride = padded + beside;
    map = {values.data(), batch, height, width, stride};
    for (size_t at = 0; at < values.size(); ++at)
      if (static_cast<int64_t>(at) % stride >= channels &&
          static_cast<int64_t>(at) % stride < padded)
        values[at] = 0;
  }
  int64_t at(int64_t b, int64_t y, int64_t x, int64_t c) const {
    return ((b * map.height + y) * map.width + x) * map.stride + c;
  }
};

/// The definition, in double: every input spreads over the results of the transposed form, every
/// result of the plain one gathers.
std::vector<double> expected(const Row& r, const std::vector<float>& weight,
                             const std::vector<float>& bias, const Pixels& x, const Pixels& y) {
  const Conv2dShape& s = r.shape;
  std::vector<double> out(y.values.size());
  const bool transposed = r.form == Form::kTransposed;
  const ImageMap &small = transposed ? x.map : y.map, &large = transposed ? y.map : x.map;
  for (int64_t b = 0; b < r.batch; ++b)
    for (int64_t i = 0; i < small.height * small.width * s.kernel[0] * s.kernel[1]; ++i) {
      const int64_t kx = i % s.kernel[1], ky = i / s.kernel[1] % s.kernel[0],
                    place = i / s.kernel[1] / s.kernel[0];
      const int64_t row = place / small.width, column = place % small.width,
                    far_row = row * s.stride[0] + ky - s.padding[0],
                    far_column = column * s.stride[1] + kx - s.padding[1];
      if (far_row < 0 || far_row >= large.height || far_column < 0 || far_column >= large.width)
        continue;
      for (int64_t o = 0; o < s.out; ++o)
        for (int64_t c = 0; c < s.in; ++c) {
          const int64_t w = transposed ? c * s.out + o : o * s.in + c;
          const double product_weight = weight[(w * s.kernel[0] + ky) * s.kernel[1] + kx];
          if (transposed)
            out[y.at(b, far_row, far_column, o)] +=
                product_weight * x.values[x.at(b, row, column, c)];
          else
            out[y.at(b, row, column, o)] +=
                product_weight * x.values[x.at(b, far_row, far_column, c)];
        }
    }
  for (size_t at = 0; at < out.size(); ++at) {
    const auto c = static_cast<int64_t>(at) % y.map.stride;
    if (c < s.out) out[at] += bias[c];
  }
  return out;
}

/// Calls what(convolution) for the row's form.
template <class What>
void with_form(const Row& r, const std::vector<float>& weight, const std::vector<float>& bias,
               const What& what) {
  const Conv2dShape& s = r.shape;
  if (r.form == Form::kDirect)
    what(DirectConv2d(weight.data(), bias.data(), s));
  else if (r.form == Form::kTransposed)
    what(DirectConv2d::transposed(weight.data(), bias.data(), s));
  else
    what(WinogradConv2d(weight.data(), bias.data(), s.out, s.in, s.padding[0],
                        r.form == Form::kTile2 ? 2 : 4));
}

std::vector<float> weight_of(const Conv2dShape& s) {
  return uniform(s.out * s.in * s.kernel[0] * s.kernel[1], 1);
}

class Conv2dCase : public testing::TestWithParam<std::tuple<Row, Isa>> {
 protected:
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};

TEST_P(Conv2dCase, EqualsTheDefinition) {
  const auto& [r, isa] = GetParam();
  kernels::set_cpu_isa(isa);
  if (kernels::cpu_isa() != isa) GTEST_SKIP() << "this CPU has no such instructions";
  const Conv2dShape& s = r.shape;
  const auto weight = weight_of(s), bias = uniform(s.out, 2);
  const Pixels x(r.batch, r.height, r.width, s.in, s.narrow ? s.in : padded_channels(s.in),
                 r.beside_x, 3);
  with_form(r, weight, bias, [&, row = r](const auto& conv) {
    const auto [height, width] = conv.result_size(row.height, row.width);
    Pixels y(row.batch, height, width, s.out, conv.columns(), row.beside_y, 4);
    Pixels kept(row.batch, height, width, s.out, conv.columns(), 16, 5);
    const auto before = y.values;
    std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
    conv.run(x.map, y.map, 0, conv.windows(x.map),
             {.residual = row.residual ? &kept.map : nullptr, .relu = row.relu}, scratch.data());
    const auto want = expected(row, weight, bias, x, y);
    double worst = 0, largest = 0;
    for (int64_t i = 0; i < static_cast<int64_t>(want.size()); ++i) {
      const int64_t pixel = i / y.map.stride, c = i % y.map.stride;
      if (c >= conv.columns()) {
        ASSERT_EQ(y.values[i], before[i]) << "what lies beside was written";
        continue;
      }
      double sum = want[i] + (row.residual ? kept.values[pixel * kept.map.stride + c] : 0.0F);
      if (row.relu) sum = std::max(sum, 0.0);
      worst = std::max(worst, std::abs(sum - y.values[i]));
      largest = std::max(largest, std::abs(sum));
    }
    EXPECT_LE(worst, row.bar * largest);
  });
}

INSTANTIATE_TEST_SUITE_P(Rows, Conv2dCase,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(Isa::kGeneric, Isa::kAvx2,
                                                          Isa::kAvx512)));

TEST(Conv2d, PartsHaveTheBitsOfTheWhole) {
  const struct {
    Form form;
    int64_t stride;
  } rows[] = {{Form::kDirect, 2}, {Form::kTransposed, 2}, {Form::kTile2, 1}, {Form::kTile4, 1}};
  for (const auto& row : rows) {
    const Row r = {row.form, square(32, 112, 3, row.stride, 1), 2, 25, 21, 0, 0, false, false, 0};
    const auto weight = weight_of(r.shape), bias = uniform(r.shape.out, 2);
    const Pixels x(r.batch, r.height, r.width, 32, 32, 0, 3);
    with_form(r, weight, bias, [&](const auto& conv) {
      const auto [height, width] = conv.result_size(r.height, r.width);
      Pixels whole(r.batch, height, width, 112, 112, 0, 4), parts = whole;
      parts.map.data = parts.values.data();
      whole.map.data = whole.values.data();
      std::vector<float> scratch(static_cast<size_t>(conv.scratch()));
      const int64_t windows = conv.windows(x.map);
      conv.run(x.map, whole.map, 0, windows, {}, scratch.data());
      for (const auto& [first, end] : {std::pair<int64_t, int64_t>{0, 64}, {64, 128}})
        for (const auto& [from, to] : {std::pair<int64_t, int64_t>{0, 7}, {7, 8}, {8, windows}})
          conv.run(x.map, parts.map, from, to, {.first_column = first, .end_column = end},
                   scratch.data());
      EXPECT_EQ(whole.values, parts.values) << static_cast<int>(row.form);
    });
  }
}

}  // namespace
}  // namespace vl
