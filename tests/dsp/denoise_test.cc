#include "vl/dsp/denoise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

using test::expect_close;

const char* const kGolden = "parity/fastpitch/vocoder_lj_v2.golden.safetensors";

at::Tensor stored(const char* name) { return test::golden(kGolden).at(std::string("out:") + name); }
at::Tensor audio() { return stored("LJ011-0202.audio").unsqueeze(0); }

TEST(Denoise, StoredAudio) {
  struct Row {
    const char* golden;
    double strength, tolerance;
  };
  const Row rows[] = {{"denoiser.LJ011-0202.strength0.01", 0.01, 2 * 7e-7},
                      {"denoiser.LJ011-0202.strength0.1", 0.1, 2 * 7e-7}};
  for (const Row& r : rows) {
    const at::Tensor want = stored(r.golden);
    const at::Tensor got = denoise(audio(), stored("denoiser.bias_spec"), r.strength);
    EXPECT_EQ(got.sizes(), audio().sizes());
    expect_close(r.golden, got[0].slice(0, 0, want.numel()), want, r.tolerance);
  }
}

TEST(Denoise, BiasOfStoredAudio) {
  const at::Tensor got = bias_spectrum(stored("denoiser.bias_audio").unsqueeze(0));
  expect_close("denoiser.bias_spec", got, stored("denoiser.bias_spec"), 2 * 2.2e-4);
}

TEST(Denoise, StrengthZeroIsIdentityAndBatchesAreIndependent) {
  const at::Tensor x = audio().slice(1, 0, 5120), y = audio().slice(1, 5120, 10240);
  const at::Tensor bias = stored("denoiser.bias_spec");
  expect_close("strength 0", denoise(x, bias, 0.0), x, 1e-6);
  const at::Tensor both = denoise(at::cat({x, y}), bias, 0.1);
  expect_close("second of two", both[1], denoise(y, bias, 0.1)[0], 1e-6);
}

TEST(Denoise, LengthAndSilence) {
  const at::Tensor bias = stored("denoiser.bias_spec");
  EXPECT_EQ(denoise(audio().slice(1, 0, 5375), bias, 0.1).size(1), 5120);
  EXPECT_EQ(denoise(at::zeros({1, 5120}), bias, 0.1).abs().max().item<float>(), 0.0F);
}

TEST(Denoise, RefusesBadInput) {
  const at::Tensor bias = stored("denoiser.bias_spec"), x = audio().slice(1, 0, 5120);
  EXPECT_THROW(denoise(x.slice(1, 0, 512), bias, 0.1), Error);
  EXPECT_THROW(denoise(x[0], bias, 0.1), Error);
  EXPECT_THROW(denoise(x, bias, -0.1), Error);
  EXPECT_THROW(denoise(x, bias, NAN), Error);
  EXPECT_THROW(denoise(x * NAN, bias, 0.1), Error);
  EXPECT_THROW(denoise(x, bias.slice(0, 0, 512), 0.1), Error);
}

}  // namespace
}  // namespace vl::dsp
