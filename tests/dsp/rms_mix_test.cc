#include "vl/dsp/rms_mix.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/dsp/highpass.h"

namespace vl::dsp {
namespace {

constexpr char kGolden[] = "parity/rvc/golden.safetensors";
constexpr int64_t kTotal = 198400;  // output samples of e2e.v2_40k_f0

template <class T>
std::vector<float> curve_of(const at::Tensor& x, int64_t rate, int64_t push) {
  RmsCurve curve(rate);
  for (int64_t i = 0; i < x.size(0); i += push)
    curve.push(x.data_ptr<T>() + i, std::min(push, x.size(0) - i));
  return curve.finish();
}

/// The definition: padded frames, one after the other.
std::vector<float> direct_curve(const at::Tensor& x, int64_t rate) {
  const int64_t hop = rate / 2, frame = 2 * hop;
  const at::Tensor p = at::constant_pad_nd(x.to(at::kDouble), {hop, hop});
  std::vector<float> out;
  for (int64_t i = 0; i * hop + frame <= p.size(0); ++i)
    out.push_back(
        float(std::sqrt(p.slice(0, i * hop, i * hop + frame).square().mean().item<double>())));
  return out;
}

struct CurveRow {
  int64_t samples, rate, push;
};

TEST(RmsCurve, DirectFormula) {
  const CurveRow rows[] = {{32000, 16000, 1000}, {32001, 16000, 7},   {31999, 16000, 32000},
                           {7999, 16000, 160},   {1, 16000, 1},       {8000, 16000, 8000},
                           {30000, 11025, 4096}, {30000, 22051, 4096}};
  for (const CurveRow& row : rows) {
    const at::Tensor x = test::parity_speech(50000, 50000 + row.samples)[0];
    const std::vector<float> got = curve_of<float>(x, row.rate, row.push),
                             want = direct_curve(x, row.rate);
    EXPECT_EQ(curve_of<double>(x.to(at::kDouble), row.rate, row.push), got);
    ASSERT_EQ(got.size(), want.size()) << row.samples << " at " << row.rate;
    for (size_t i = 0; i < got.size(); ++i) EXPECT_FLOAT_EQ(got[i], want[i]) << row.samples;
  }
}

TEST(RmsCurve, NothingIsSilence) {
  EXPECT_EQ(RmsCurve(16000).finish(), std::vector<float>{0.0f});
  EXPECT_THROW(RmsCurve(1), Error);
}

struct InterpolationRow {
  int64_t points, total;
};

TEST(RmsMix, InterpolatesAsTorch) {
  const InterpolationRow rows[] = {{10, 198400},   {1, 1000},  {11, 11},       {11, 7},
                                   {121, 2400000}, {2, 20001}, {601, 12000000}};
  for (const InterpolationRow& row : rows) {
    const at::Tensor curve = at::rand({row.points}) * 0.3 + 0.001;
    const std::vector<float> values(curve.data_ptr<float>(), curve.data_ptr<float>() + row.points);
    const at::Tensor want = at::upsample_linear1d(curve.view({1, 1, -1}), {row.total}, false)[0][0];
    const int64_t step = 1000003;
    for (int64_t begin = 0; begin < row.total; begin += step) {
      const int64_t count = std::min(step, row.total - begin);
      const at::Tensor got = interpolate_curve(values, begin, count, row.total);
      const at::Tensor error = (got / want.slice(0, begin, begin + count) - 1).abs();
      EXPECT_LT(error.max().item<float>(), 1e-6) << row.points << " to " << row.total;
    }
  }
}

/// The gain that the golden shows where the signal is loud enough to tell: after / before.
struct Seen {
  at::Tensor position, gain;
};

Seen golden_gain() {
  const test::Tensors& g = test::golden(kGolden);
  const at::Tensor before = g.at("out:e2e.v2_40k_f0.before_rms@17").to(at::kDouble);
  const at::Tensor loud = before.abs().gt(0.01).nonzero().view({-1});
  const at::Tensor after = g.at("out:e2e.v2_40k_f0.after_rms@17").to(at::kDouble);
  return {loud * 17, (after / before).index_select(0, loud)};
}

std::vector<float> input_curve() {
  return curve_of<double>(highpass(test::parity_speech(48000, 128000)[0]), 16000, 80000);
}

// The golden holds every 17th sample, so the output's own curve is found from the gain, which is
// linear in it after r2 = r1 * gain^(-1 / 0.75).
TEST(RmsMix, GainOfTheGolden) {
  const auto [position, gain] = golden_gain();
  ASSERT_GT(position.numel(), 5000);
  const std::vector<float> input = input_curve();
  const at::Tensor r1 = interpolate_curve(input, 0, kTotal, kTotal).index_select(0, position);
  const at::Tensor r2 = r1.to(at::kDouble) * gain.pow(-1 / 0.75);
  const int64_t points = kTotal / 20000 + 1;
  at::Tensor weights = at::zeros({position.numel(), points}, at::kDouble);
  for (int64_t p = 0; p < points; ++p) {
    std::vector<float> one(points, 0.0f);
    one[p] = 1.0f;
    weights.select(1, p).copy_(interpolate_curve(one, 0, kTotal, kTotal).index_select(0, position));
  }
  const at::Tensor solved = std::get<0>(at::linalg_lstsq(weights, r2.unsqueeze(1))).view({-1});
  const at::Tensor curve = solved.to(at::kFloat);
  const RmsMix mix = {input, {curve.data_ptr<float>(), curve.data_ptr<float>() + points}, 0.25};
  const at::Tensor got = rms_gain(mix, 0, kTotal, kTotal).index_select(0, position);
  EXPECT_LT((got / gain - 1).abs().max().item<double>(), 2e-6);
  // Every fifth sample of the same signal is known: its loudness is about the signal's.
  const at::Tensor fifth = test::golden(kGolden).at("out:e2e.v2_40k_f0.float@5").contiguous();
  const std::vector<float> about = curve_of<float>(fifth, 8000, 1000);
  ASSERT_EQ(int64_t(about.size()), points);
  for (int64_t p = 0; p < points; ++p) EXPECT_NEAR(about[p] / curve[p].item<float>(), 1, 0.03) << p;
}

TEST(RmsMix, PartsAreThePartsOfTheWhole) {
  const RmsMix mix = {{0.1f, 0.2f, 0.0f, 0.4f}, {0.5f, 0.0f, 0.1f}, 0.25};
  const at::Tensor all = rms_gain(mix, 0, 5000, 5000);
  EXPECT_TRUE(rms_gain(mix, 1234, 777, 5000).equal(all.slice(0, 1234, 1234 + 777)));
  EXPECT_EQ(rms_gain(mix, 5000, 0, 5000).numel(), 0);
}

struct GainRow {
  const char* name;
  float input, output;
  double rate, gain;
};

TEST(RmsMix, GainRows) {
  const GainRow rows[] = {{"output kept", 0.1f, 0.2f, 1.0, 1.0},
                          {"input imposed", 0.1f, 0.2f, 0.0, 0.5},
                          {"half", 0.1f, 0.4f, 0.5, 0.5},
                          {"silent input", 0.0f, 0.2f, 0.25, 0.0},
                          {"silent output: floor 1e-6", 0.1f, 0.0f, 0.5, 316.2277660},
                          {"both silent", 0.0f, 0.0f, 0.25, 0.0}};
  for (const GainRow& row : rows) {
    const at::Tensor g = rms_gain({{row.input}, {row.output}, row.rate}, 0, 3, 3);
    EXPECT_NEAR(g[1].item<double>(), row.gain, 1e-6 * std::max(1.0, row.gain)) << row.name;
  }
}

TEST(RmsMix, BadRanges) {
  EXPECT_THROW(rms_gain({{}, {1.0f}, 0.5}, 0, 1, 1), Error);
  EXPECT_THROW(rms_gain({{1.0f}, {}, 0.5}, 0, 1, 1), Error);
  EXPECT_THROW(rms_gain({{1.0f}, {1.0f}, 0.5}, 1, 1, 1), Error);
  EXPECT_THROW(rms_gain({{1.0f}, {1.0f}, 0.5}, -1, 1, 1), Error);
}

}  // namespace
}  // namespace vl::dsp
