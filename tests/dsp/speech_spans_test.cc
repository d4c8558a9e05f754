#include "vl/dsp/speech_spans.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/parity_speech.h"
#include "vl/core/error.h"

namespace vl::dsp {
namespace {

/// 150 Hz with overtones between `start` and `end` seconds, faint noise around.
at::Tensor burst(double seconds, double start, double end) {
  const auto n = static_cast<int64_t>(seconds * 16000);
  const at::Tensor t = at::arange(n, at::kDouble) / 16000.0;
  at::Tensor x = at::zeros({n}, at::kDouble);
  for (int k = 1; k <= 5; ++k) x += (0.2 / k) * at::sin(2 * M_PI * 150.0 * k * t);
  x *= t.ge(start).logical_and(t.lt(end)).to(at::kDouble);
  return (x + 1e-4 * at::sin(t * 7919.0)).to(at::kFloat);
}

TEST(SpeechSpans, FindsVoicedBursts) {
  const auto one = speech_spans(burst(3.0, 1.0, 2.0));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_NEAR(one[0].start_s, 1.0, 0.03);
  EXPECT_NEAR(one[0].end_s, 2.0, 0.03);
  const auto two = speech_spans(burst(4.0, 0.5, 1.5) + burst(4.0, 2.5, 3.5));
  EXPECT_EQ(two.size(), 2u);
  const auto joined = speech_spans(burst(4.0, 0.5, 1.5) + burst(4.0, 1.6, 3.5));
  EXPECT_EQ(joined.size(), 1u);
}

TEST(SpeechSpans, SilenceNoiseAndClicksAreNoSpeech) {
  EXPECT_TRUE(speech_spans(at::zeros({32000})).empty());
  EXPECT_TRUE(speech_spans(at::zeros({0})).empty());
  EXPECT_TRUE(speech_spans(burst(2.0, 1.0, 1.05)).empty());
  at::manual_seed(1);
  EXPECT_TRUE(speech_spans(0.1 * at::randn({32000})).empty());
}

TEST(SpeechSpans, RealSpeechIsMostlySpeech) {
  const auto spans = speech_spans(test::parity_speech(0, 160000));
  EXPECT_GT(speech_seconds(spans), 5.0);
  EXPECT_LE(speech_seconds(spans), 10.0);
}

TEST(Prompt, UnusableOnesSayWhy) {
  const auto code_text = [](const at::Tensor& x) {
    try {
      check_prompt(x, speech_spans(x));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadPrompt);
      return e.message();
    }
    return std::string();
  };
  EXPECT_EQ(code_text(burst(3.0, 0.5, 2.5)), "");
  EXPECT_NE(code_text(burst(3.0, 0.5, 0.9)).find("needs 1 s"), std::string::npos);
  EXPECT_NE(code_text(at::zeros({48000})).find("silent"), std::string::npos);
  EXPECT_NE(code_text((burst(3.0, 0.0, 3.0) * 50).clamp(-1, 1)).find("clipped"), std::string::npos);
  EXPECT_NE(code_text(burst(18.0, 0.0, 18.0)).find("limit 15"), std::string::npos);
}

}  // namespace
}  // namespace vl::dsp
