#include "vl/dsp/cut_points.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/dsp/highpass.h"
#include "vl/dsp/reflect_pad.h"

namespace vl::dsp {
namespace {

constexpr CutLimits kPublic = {6 * 16000, 38 * 16000, 41 * 16000};

ReadSamples reader(const at::Tensor& x) {
  return [x](int64_t begin, int64_t count) { return x.slice(0, begin, begin + count).clone(); };
}

/// The formula as written, over the whole padded track.
std::vector<int64_t> direct(const at::Tensor& x, const CutLimits& limits) {
  const int64_t n = x.size(0);
  const at::Tensor p = reflect_pad(x, 80, 80).abs();
  std::vector<int64_t> cuts;
  if (p.size(0) <= limits.max) return cuts;
  at::Tensor energy = at::zeros({n}, at::kDouble);
  for (int64_t i = 0; i < 160; ++i) energy += p.slice(0, i, i + n);
  const double* e = energy.data_ptr<double>();
  for (int64_t t = limits.center; t < n; t += limits.center) {
    const double* from = e + t - limits.query;
    cuts.push_back(std::min_element(from, e + std::min(t + limits.query, n)) - e);
  }
  return cuts;
}

TEST(CutPoints, ChunkLengthsOfTheGolden) {
  const at::Tensor x = highpass(test::parity_speech(0, 960000)[0]);
  const int64_t pad = 16000, length = x.size(0) + 2 * pad;
  std::vector<int64_t> chunks;
  int64_t start = 0;
  for (int64_t cut : cut_points(x.size(0), reader(x), kPublic)) {
    const int64_t t = cut / 160 * 160;
    chunks.push_back(std::min(t + 2 * pad + 160, length) - start);
    start = t;
  }
  chunks.push_back(length - start);
  test::expect_equal("chunk lengths", at::tensor(chunks, at::kLong),
                     test::golden("parity/rvc/golden.safetensors").at("out:cuts.chunk_samples"));
}

struct Row {
  const char* name;
  int64_t samples;
  CutLimits limits;
};

TEST(CutPoints, DirectFormula) {
  const Row rows[] = {
      {"mirrored start", 4000, {1000, 1000, 3000}},
      {"mirrored end", 4010, {900, 2000, 3000}},
      {"last window cut", 4001, {1000, 2000, 3000}},
      {"candidate at the last sample", 4001, {50, 4000, 3000}},
      {"shorter than a window", 70, {20, 30, 100}},
      {"many", 40000, {700, 1500, 3000}},
      {"as long as allowed", 4000, {100, 1000, 4160}},
      {"one more than allowed", 4001, {100, 1000, 4160}},
  };
  for (const Row& row : rows) {
    const at::Tensor x = test::parity_speech(50000, 50000 + row.samples)[0].to(at::kDouble);
    EXPECT_EQ(cut_points(row.samples, reader(x), row.limits), direct(x, row.limits)) << row.name;
  }
}

TEST(CutPoints, AQuietEndIsFoundThroughItsMirror) {
  at::Tensor x = at::ones({4000}, at::kDouble);
  x.slice(0, 3950).zero_();
  // 50 quiet samples and 49 of their mirror image fit into a window from here on.
  EXPECT_EQ(cut_points(4000, reader(x), {1000, 3000, 3000}), (std::vector<int64_t>{3969}));
}

TEST(CutPoints, AnEmptyTrackHasNone) {
  EXPECT_TRUE(cut_points(0, reader(at::zeros({0}, at::kDouble)), {100, 1000, 100}).empty());
}

TEST(CutPoints, TheFirstOfEqualsWins) {
  const at::Tensor x = at::zeros({5000}, at::kDouble);
  EXPECT_EQ(cut_points(5000, reader(x), {500, 2000, 3000}), (std::vector<int64_t>{1500, 3500}));
}

TEST(CutPoints, ReadsOnlyAroundTheCentres) {
  const at::Tensor x = at::rand({100000}, at::kDouble);
  const ReadSamples read = [&](int64_t begin, int64_t count) {
    EXPECT_LE(count, 2 * 500 + 160);
    EXPECT_GE(begin, 0);
    EXPECT_LE(begin + count, 100000);
    return x.slice(0, begin, begin + count);
  };
  EXPECT_EQ(cut_points(100000, read, {500, 20000, 30000}).size(), 4u);
}

TEST(CutPoints, BadLimits) {
  const at::Tensor x = at::zeros({5000}, at::kDouble);
  EXPECT_THROW(cut_points(5000, reader(x), {0, 1000, 3000}), Error);
  EXPECT_THROW(cut_points(5000, reader(x), {1001, 1000, 3000}), Error);
}

}  // namespace
}  // namespace vl::dsp
