#include "vl/dsp/int16.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"

namespace vl::dsp {
namespace {

// Every 17th sample before and every 15th after: every 255th of both.
TEST(Int16, Golden) {
  const test::Tensors& g = test::golden("parity/rvc/golden.safetensors");
  const at::Tensor from = g.at("out:e2e.v2_40k_f0.after_rms@17").slice(0, 0, {}, 15).contiguous();
  const at::Tensor want = g.at("out:e2e.v2_40k_f0.int16@15").slice(0, 0, {}, 17);
  ASSERT_EQ(from.numel(), 779);
  at::Tensor got = at::empty({from.numel()}, at::kShort);
  to_int16(from.data_ptr<float>(), from.numel(), int16_scale(0.476f), got.data_ptr<int16_t>());
  test::expect_equal("int16", got, want);
}

struct ScaleRow {
  const char* name;
  float peak;
  double scale;
};

TEST(Int16, Scale) {
  const ScaleRow rows[] = {{"silence", 0.0f, 32768},
                           {"quiet", 0.5f, 32768},
                           {"just allowed", std::nextafter(0.99f, 0.0f), 32768},
                           {"full scale", 1.0f, 32768 * 0.99},
                           {"above", 2.0f, 16384 * 0.99}};
  for (const ScaleRow& row : rows) EXPECT_NEAR(int16_scale(row.peak), row.scale, 1e-9) << row.name;
}

struct SampleRow {
  const char* name;
  float peak, sample;
  int16_t want;
};

TEST(Int16, Samples) {
  const SampleRow rows[] = {
      {"cut off, not rounded", 0.5f, 1.9f / 32768, 1},
      {"negative: towards zero", 0.5f, -1.9f / 32768, -1},
      {"below one step", 0.5f, -0.99f / 32768, 0},
      {"exact", 0.5f, 0.5f, 16384},
      {"the loudest sample", 1.5f, 1.5f, 32440},
      {"the loudest negative sample", 1.5f, -1.5f, -32440},
      {"m > 1 scales the others", 1.98f, 0.25f, 4096},
      {"beyond the peak it was told", 0.5f, 1.0f, 32767},
      {"and below", 0.5f, -7.0f, -32768},
      {"not a number", 0.5f, NAN, 0},
  };
  for (const SampleRow& row : rows) {
    int16_t got = 99;
    to_int16(&row.sample, 1, int16_scale(row.peak), &got);
    EXPECT_EQ(got, row.want) << row.name;
  }
}

}  // namespace
}  // namespace vl::dsp
