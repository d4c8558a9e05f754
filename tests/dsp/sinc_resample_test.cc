#include "vl/dsp/sinc_resample.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using test::expect_close;

/// A mono WAV file of the prompts, PCM16 (as x / 32768) or float32, other chunks passed over.
at::Tensor prompt(const std::string& name) {
  std::ifstream in(test::data("assets/vallex/prompts/" + name), std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
  const auto number = [&](size_t at, size_t width) {
    uint32_t out = 0;
    std::memcpy(&out, bytes.data() + at, width);
    return out;
  };
  uint32_t format = 0;
  for (size_t at = 12; at + 8 <= bytes.size(); at += 8 + number(at + 4, 4)) {
    const std::string id(bytes.data() + at, 4);
    if (id == "fmt ") format = number(at + 8, 2);
    if (id != "data") continue;
    const size_t size = number(at + 4, 4);
    const char* data = bytes.data() + at + 8;
    const auto dtype = format == 3 ? at::kFloat : at::kShort;
    const at::Tensor raw =
        at::empty({static_cast<int64_t>(size / (format == 3 ? 4 : 2))}, at::dtype(dtype));
    std::memcpy(raw.data_ptr(), data, size);
    return format == 3 ? raw : raw.to(at::kFloat) / 32768.0;
  }
  ADD_FAILURE() << name << " has no data chunk";
  return {};
}

TEST(SincResample, EqualsTheReferenceOnRealSpeech) {
  const struct {
    const char *file, *name;
    int64_t rate;
    bool whole;  // false: the file is the first 6000 samples of a longer one
    double tolerance;
  } rows[] = {{"en-1.wav", "en-1", 16000, true, 1e-5},
              {"zh-1.wav", "zh-1", 22050, true, 1e-5},
              {"en-2_head.wav", "en-2", 44100, false, 1e-5}};
  const auto& g = test::golden("parity/vallex/encodec/golden.safetensors");
  for (const auto& row : rows) {
    const std::string key = std::string("resample:") + row.name;
    const at::Tensor in = prompt(row.file), out = sinc_resample(in, row.rate, 24000);
    expect_close(key + " head", out.slice(0, 0, 3000),
                 g.at(key + ":from" + std::to_string(row.rate) + ":head"), 0, row.tolerance);
    if (!row.whole) continue;
    expect_close(key + " tail", out.slice(0, out.size(0) - 500), g.at(key + ":tail"), 0,
                 row.tolerance);
    EXPECT_EQ(in.size(0), g.at(key + ":len")[0].item<int64_t>()) << key;
    EXPECT_EQ(out.size(0), g.at(key + ":len")[1].item<int64_t>()) << key;
  }
}

TEST(SincResample, Lengths) {
  const struct {
    int64_t samples, from, to, want;
  } rows[] = {
      {276112, 44100, 24000, 150266}, {0, 16000, 24000, 0},         {1, 48000, 24000, 1},
      {7, 16000, 24000, 11},          {5, 24000, 24000, 5},         {3, 24000, 8000, 1},
      {100, 44099, 24000, 55},        {1000, 768000, 767999, 1000}, {9, 1, 768000, 6912000}};
  for (const auto& row : rows) {
    const at::Tensor out = sinc_resample(at::ones({row.samples}), row.from, row.to);
    EXPECT_EQ(out.size(0), row.want) << row.from << " to " << row.to;
    EXPECT_TRUE(out.isfinite().all().item<bool>());
  }
}

TEST(SincResample, RowsAreIndependentAndTonesKeepTheirShape) {
  const at::Tensor t = at::arange(4410, at::kDouble) / 44100.0;
  const at::Tensor tones =
      at::stack({at::sin(t * (2 * M_PI * 440)), at::cos(t * (2 * M_PI * 3000))}).to(at::kFloat);
  const at::Tensor out = sinc_resample(tones, 44100, 24000);
  ASSERT_EQ(out.sizes(), at::IntArrayRef({2, 2400}));
  expect_close("row", out[1], sinc_resample(tones[1], 44100, 24000), 0);
  const at::Tensor u = at::arange(2400, at::kDouble) / 24000.0;
  const at::Tensor want =
      at::stack({at::sin(u * (2 * M_PI * 440)), at::cos(u * (2 * M_PI * 3000))});
  // Away from the ends, where the filter sees the whole tone; its ripple is below 1 %.
  expect_close("tones", out.slice(1, 50, 2350), want.slice(1, 50, 2350), 1e-2);
}

TEST(SincResample, RefusesRatesOutOfRange) {
  for (const auto& [from, to] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 24000}, {24000, 0}, {-1, 5}, {768001, 24000}, {24000, INT64_MAX}})
    EXPECT_THROW(sinc_resample(at::zeros({10}), from, to), Error) << from << " to " << to;
}

}  // namespace
}  // namespace vl::dsp
