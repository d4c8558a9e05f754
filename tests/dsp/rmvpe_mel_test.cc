#include "vl/dsp/rmvpe_mel.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

TEST(RmvpeMel, Golden) {
  // The reference's own float32 error is 2.3e-6.
  test::expect_close("rmvpe.mel", rmvpe_mel(test::parity_speech(48000, 64000)),
                     test::golden("parity/rvc/golden.safetensors").at("out:rmvpe.mel"), 0, 7e-6);
}

TEST(RmvpeMel, FramesAndFloor) {
  for (int64_t n : {513, 640, 799, 800, 16000}) {
    const at::Tensor mel = rmvpe_mel(at::zeros({2, n}));
    EXPECT_EQ(mel.sizes(), (std::vector<int64_t>{2, 128, n / 160 + 1})) << n;
    test::expect_close("silence", mel, at::full_like(mel, std::log(1e-5)), 1e-5);
  }
}

TEST(RmvpeMel, HalfRoundsTheBandsBeforeTheLog) {
  const at::Tensor wave = test::parity_speech(48000, 52000);
  const at::Tensor bands = rmvpe_mel(wave).exp(), rounded = rmvpe_mel(wave, true).exp();
  test::expect_close("rounded", rounded, bands.to(at::kHalf).to(at::kFloat).clamp_min(1e-5), 2e-6,
                     1e-3);
  EXPECT_FALSE(rounded.equal(bands));
}

TEST(RmvpeMel, ShortWavesAreRefused) {
  EXPECT_THROW(rmvpe_mel(at::zeros({1, 512})), Error);
  EXPECT_THROW(rmvpe_mel(at::zeros({1, 0})), Error);
}

}  // namespace
}  // namespace vl::dsp
