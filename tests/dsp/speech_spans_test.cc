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

TEST(SpeechSpans, BadSamplesAreErrors) {
  for (const float bad : {NAN, INFINITY}) {
    at::Tensor x = burst(3.0, 1.0, 2.0);
    x[20000] = bad;
    EXPECT_THROW(speech_spans(x), Error);
    EXPECT_THROW(check_prompt(x, {{1.0, 2.0}}), Error);
    EXPECT_THROW(choose_prompt_span(x, {{1.0, 2.0}}), Error);
  }
}

TEST(SpeechSpans, OneRealSentenceIsFoundInSilence) {
  const at::Tensor speech = test::parity_speech(0, 80000)[0];
  const auto alone = speech_spans(speech);
  ASSERT_FALSE(alone.empty());
  const auto spans = speech_spans(at::cat({at::zeros({32000}), speech, at::zeros({32000})}));
  ASSERT_EQ(spans.size(), alone.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    EXPECT_NEAR(spans[i].start_s, alone[i].start_s + 2.0, 0.05);
    EXPECT_NEAR(spans[i].end_s, alone[i].end_s + 2.0, 0.05);
  }
}

/// Bursts between the given times, whose noise is white where `voiced` is false.
at::Tensor pieces_of_sound(double seconds, const std::vector<Span>& spans,
                           const std::vector<bool>& voiced) {
  at::manual_seed(3);
  at::Tensor x = 1e-4 * at::randn({static_cast<int64_t>(seconds * 16000)});
  for (size_t i = 0; i < spans.size(); ++i) {
    const auto from = std::llround(spans[i].start_s * 16000),
               to = std::llround(spans[i].end_s * 16000);
    x.slice(0, from, to)
        .add_(voiced[i] ? burst(seconds, 0, seconds).slice(0, from, to)
                        : 0.1 * at::randn({to - from}));
  }
  return x;
}

TEST(Prompt, ThePieceWithTheMostVoiceNearTheTargetIsTaken) {
  const struct {
    const char* what;
    double seconds;
    std::vector<Span> pieces;
    std::vector<bool> voiced;
    Span want;
  } rows[] = {
      {"alone", 8, {{1, 6}}, {true}, {1, 6}},
      {"shorter than 3 s, all there is", 5, {{1, 3}}, {true}, {1, 3}},
      {"short pieces are joined", 8, {{1, 2.5}, {3, 4.5}, {5, 6.5}}, {true, true, true}, {1, 6.5}},
      {"voiced, not hissing", 16, {{1, 7}, {8, 14}}, {false, true}, {8, 14}},
      {"near 6 s", 20, {{1, 4.5}, {6, 12}, {13.5, 18}}, {true, true, true}, {6, 12}},
      {"never above 10 s", 16, {{1, 7}, {7.5, 13}}, {true, true}, {1, 7}},
  };
  for (const auto& row : rows) {
    const Span got =
        choose_prompt_span(pieces_of_sound(row.seconds, row.pieces, row.voiced), row.pieces);
    EXPECT_DOUBLE_EQ(got.start_s, row.want.start_s) << row.what;
    EXPECT_DOUBLE_EQ(got.end_s, row.want.end_s) << row.what;
  }
}

TEST(Prompt, ClippedPiecesComeLast) {
  at::Tensor x = pieces_of_sound(14, {{1, 7}, {8, 12}}, {true, true});
  x.slice(0, 2 * 16000, 2 * 16000 + 40) = 1.0F;
  EXPECT_DOUBLE_EQ(choose_prompt_span(x, {{1, 7}, {8, 12}}).start_s, 8.0);
  EXPECT_DOUBLE_EQ(choose_prompt_span(x, {{1, 7}}).start_s, 1.0);  // 40 samples are below 1 %
}

TEST(Prompt, LongPiecesAreCutAtTheirQuietestFrame) {
  at::Tensor x = burst(16.0, 1.0, 15.0);
  x.slice(0, 8 * 16000, 8 * 16000 + 800) *= 1e-3;
  const Span got = choose_prompt_span(x, {{1.0, 15.0}});
  EXPECT_NEAR(got.start_s == 1.0 ? got.end_s : got.start_s, 8.0, 0.06);
  EXPECT_LE(got.length(), 10.0);
  EXPECT_THROW(choose_prompt_span(x, {{1.0, 15.0}}, {.whole_pieces = true}), Error);
}

TEST(Prompt, ChosenFromRealSpeech) {
  const at::Tensor x = test::parity_speech(0, 960000);
  const auto spans = speech_spans(x);
  const Span got = choose_prompt_span(x, spans);
  EXPECT_GE(got.length(), 3.0);
  EXPECT_LE(got.length(), 10.0);
  const auto begins = [&](const Span& s) { return s.start_s == got.start_s; };
  EXPECT_TRUE(std::any_of(spans.begin(), spans.end(), begins));
}

TEST(Prompt, NothingUsableIsAnError) {
  const struct {
    const char* what;
    at::Tensor wave;
    std::vector<Span> pieces;
    Code code;
  } rows[] = {
      {"no piece", at::zeros({48000}), {}, Code::kBadPrompt},
      {"silence", at::zeros({48000}), {{0, 3}}, Code::kBadPrompt},
      {"half a second", burst(3.0, 1.0, 1.5), {{1, 1.5}}, Code::kBadPrompt},
      {"clipped", (burst(5, 0, 5) * 50).clamp(-1, 1), {{0, 5}}, Code::kBadPrompt},
      {"empty sound", at::zeros({0}), {}, Code::kBadPrompt},
      {"outside", burst(3, 0, 3), {{1, 4}}, Code::kBadValue},
      {"backwards", burst(3, 0, 3), {{2, 1}}, Code::kBadValue},
      {"out of order", burst(6, 0, 6), {{3, 5}, {1, 2}}, Code::kBadValue},
      {"NaN", burst(3, 0, 3), {{NAN, 2}}, Code::kBadValue},
  };
  for (const auto& row : rows) try {
      choose_prompt_span(row.wave, row.pieces);
      ADD_FAILURE() << row.what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), row.code) << row.what << ": " << e.message();
    }
}

}  // namespace
}  // namespace vl::dsp
