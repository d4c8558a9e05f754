#include "vl/dsp/highpass.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

constexpr char kGolden[] = "parity/rvc/golden.safetensors";

at::Tensor speech(int64_t begin, int64_t end) { return test::parity_speech(begin, end)[0]; }

template <size_t N>
at::Tensor tensor_of(const std::array<double, N>& x) {
  return at::tensor(std::vector<double>(x.begin(), x.end()), at::kDouble);
}

at::Tensor streamed(const at::Tensor& wave, int64_t push) {
  const test::TempDir folder;
  HighpassStream s(folder.path().string());
  for (int64_t i = 0; i < wave.size(0); i += push)
    s.push(wave.data_ptr<float>() + i, std::min(push, wave.size(0) - i));
  s.finish();
  std::vector<double> all;
  for (std::vector<double> part = s.take(); !part.empty(); part = s.take())
    all.insert(all.end(), part.begin(), part.end());
  return at::tensor(all, at::kDouble);
}

TEST(Highpass, DesignIsTheGolden) {
  const HighpassDesign& d = highpass_design();
  const test::Tensors& golden = test::golden(kGolden);
  EXPECT_TRUE(tensor_of(d.b).equal(golden.at("out:highpass_b")));
  EXPECT_TRUE(tensor_of(d.a).equal(golden.at("out:highpass_a")));
  EXPECT_TRUE(tensor_of(d.zi).equal(golden.at("out:highpass_zi")));
}

struct GoldenRow {
  const char* name;
  int64_t begin, end, stride;
};

TEST(Highpass, BitsOfTheGolden) {
  const GoldenRow rows[] = {{"out:e2e.v2_40k_f0.filtered@23", 48000, 128000, 23},
                            {"out:cuts.filtered@9973", 0, 960000, 9973}};
  for (const GoldenRow& row : rows)
    test::expect_close(row.name, highpass(speech(row.begin, row.end)),
                       test::golden(kGolden).at(row.name), 0, 0, row.stride);
}

TEST(Highpass, DoubleInputGivesTheSame) {
  const at::Tensor x = speech(48000, 52000);
  EXPECT_TRUE(highpass(x).equal(highpass(x.to(at::kDouble))));
}

struct StreamRow {
  int64_t samples, push;
};

TEST(Highpass, StreamHasTheBitsOfTheWhole) {
  const StreamRow rows[] = {{19, 1},       {20, 7},      {37, 19},       {320, 320},
                            {1000, 18},    {40000, 160}, {200000, 4096}, {131072 - 36, 99999},
                            {65536, 65536}};
  for (const StreamRow& row : rows) {
    const at::Tensor x = speech(48000, 48000 + row.samples);
    EXPECT_TRUE(streamed(x, row.push).equal(highpass(x)))
        << row.samples << " samples, " << row.push << " at a time";
  }
}

TEST(Highpass, StreamReadsAnyPart) {
  const at::Tensor x = speech(48000, 48000 + 5000), want = highpass(x);
  const test::TempDir folder;
  HighpassStream s(folder.path().string());
  s.push(x.data_ptr<float>(), 5000);
  s.finish();
  EXPECT_EQ(s.size(), 5000);
  EXPECT_TRUE(s.read(0, 5000).equal(want));
  EXPECT_TRUE(s.read(4321, 679).equal(want.slice(0, 4321)));
  EXPECT_EQ(s.read(5000, 0).numel(), 0);
  EXPECT_THROW(s.read(4321, 680), Error);
  EXPECT_THROW(s.read(-1, 1), Error);
}

TEST(Highpass, ShortTracksKeepTheirLength) {
  for (int64_t n : {0, 1, 2, 3, 17, 18}) {
    const at::Tensor y = streamed(speech(60000, 60000 + n), 5);
    EXPECT_EQ(y.numel(), n);
    EXPECT_TRUE(y.isfinite().all().item<bool>()) << n;
  }
  // A constant has no high part.
  for (int64_t n : {1, 2, 18})
    EXPECT_LT(streamed(at::full({n}, 0.5), 1).abs().max().item<double>(), 1e-6) << n;
}

TEST(Highpass, PassesSpeechBandAndRemovesHum) {
  const at::Tensor t = at::arange(32000, at::kDouble) / 16000;
  const auto level = [&](double hz) {
    return highpass(at::sin(t * (2 * M_PI * hz))).slice(0, 8000, 24000).abs().max().item<double>();
  };
  EXPECT_NEAR(level(1000), 1, 1e-3);
  EXPECT_NEAR(level(48), 0.5, 1e-3);  // -3 dB twice
  EXPECT_LT(level(12), 1e-5);
}

struct BadRow {
  const char* name;
  at::Tensor wave;
};

TEST(Highpass, BadWaves) {
  const BadRow rows[] = {{"18 samples", at::zeros({18})},
                         {"two channels", at::zeros({2, 100})},
                         {"integers", at::zeros({100}, at::kShort)}};
  for (const BadRow& row : rows) try {
      highpass(row.wave);
      ADD_FAILURE() << row.name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadValue) << row.name;
    }
}

}  // namespace
}  // namespace vl::dsp
