#include "vl/bench/inputs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/bench/cases.h"
#include "vl/core/error.h"

namespace vl::bench {
namespace {

TEST(Inputs, LengthsAndRanges) {
  const struct {
    double seconds;
    int64_t samples, frames;
  } rows[] = {{5, 80000, 500}, {0.5, 8000, 50}, {0.1, 1600, 10}, {1.2345, 19752, 123}};
  for (const auto& r : rows) {
    const SpeechInput in = speech_input(3, r.seconds);
    EXPECT_EQ(in.wave.sizes(), at::IntArrayRef({r.samples}));
    EXPECT_EQ(in.f0_hz.sizes(), at::IntArrayRef({r.frames}));
    EXPECT_LE(in.wave.abs().max().item<double>(), 0.9 + 1e-6);
    EXPECT_GT(in.wave.abs().max().item<double>(), 0.0);
  }
}

TEST(Inputs, EightDifferentSamplesTheSameEveryTime) {
  std::vector<at::Tensor> waves;
  for (uint64_t i = 0; i < 8; ++i) {
    waves.push_back(speech_input(i, 2).wave);
    EXPECT_TRUE(waves.back().equal(speech_input(i, 2).wave));
    for (uint64_t j = 0; j < i; ++j) EXPECT_FALSE(waves[i].equal(waves[j])) << i << " " << j;
  }
}

TEST(Inputs, VoicedGlidesPausesAndNoise) {
  for (uint64_t i = 0; i < 8; ++i) {
    const SpeechInput in = speech_input(i, 10);
    const at::Tensor voiced = in.f0_hz.gt(0);
    const double share = voiced.to(at::kDouble).mean().item<double>();
    EXPECT_GT(share, 0.6) << i;
    EXPECT_LT(share, 0.95) << i;
    const at::Tensor hz = in.f0_hz.masked_select(voiced);
    EXPECT_GE(hz.min().item<double>(), 90);
    EXPECT_LE(hz.max().item<double>(), 260);
    EXPECT_GT(hz.max().item<double>(), 1.1 * hz.min().item<double>());
    // Energy of every frame: pauses hold noise only.
    const at::Tensor rms = in.wave.reshape({-1, 160}).square().mean(1).sqrt();
    EXPECT_LT(rms.masked_select(voiced.logical_not()).median().item<double>(), 0.01);
    EXPECT_GT(rms.masked_select(voiced).median().item<double>(), 0.05);
  }
}

TEST(Cases, NamesAreFoundAndNearOnesSuggested) {
  for (const char* name :
       {"rvc.content", "rvc.f0", "rvc.synth", "rvc.convert", "vallex.ar_step", "vallex.prefill",
        "vallex.nar", "vallex.codec", "vallex.clone", "fastpitch.plan", "fastpitch.infer",
        "hifigan.vocode", "hifigan.v2", "hifigan.v3", "wav2lip.forward", "faces.detect"})
    EXPECT_EQ(find_case(name).name, name);
  try {
    find_case("rvc.contnt");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kBadValue);
    EXPECT_NE(e.message().find("did you mean \"rvc.content\"?"), std::string::npos);
  }
}

}  // namespace
}  // namespace vl::bench
