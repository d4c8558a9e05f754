#include "vl/stages/wave_stream.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/registry.h"
#include "vl/stages/speak_text.h"
#include "vl/weights/fill.h"
#include "vl/weights/npz.h"

namespace vl::stages {
namespace {

const std::string kFolder = "parity/vallex/";

template <class M>
std::shared_ptr<const M> filled(const models::ModelClass& c, const std::string& part, int seed,
                                const nlohmann::json& config = {}) {
  auto checkpoint = weights::read_fill(test::data(kFolder + part + "/params.json").string(),
                                       static_cast<uint64_t>(seed), false);
  if (!config.is_null()) checkpoint.config = config;
  return models::build_as<M>(c.import(checkpoint), checkpoint.file);
}

const auto& vocos() {
  static const auto m = filled<models::vocos::Vocos>(models::vocos::vocos_class(), "vocos", 22);
  return m;
}
const auto& codec() {
  static const auto m =
      filled<models::encodec::Encodec>(models::encodec::encodec_class(), "encodec", 21);
  return m;
}
const auto& lm() {
  static const auto m = filled<models::vallex::Vallex>(models::vallex::vallex_class(), "lm", 405,
                                                       nlohmann::json{{"nhead", 4}});
  return m;
}

at::Tensor codes(int64_t frames) {
  const auto npz = weights::read_npz(test::data("assets/vallex/presets/cafe.npz").string());
  return npz.at("audio_tokens")[0].slice(0, 0, frames).to(at::kLong).contiguous();
}

TEST(WaveStream, PiecesGiveTheWaveOfOnePass) {
  const at::Tensor all = codes(150);
  const at::Tensor whole = vocos()->decode(all.t().unsqueeze(0).contiguous(), 2).reshape({-1});
  for (const int64_t piece : {1, 7, 40, 149, 150}) {
    WaveStream stream(vocos(), codec());
    std::vector<at::Tensor> parts;
    for (int64_t begin = 0; begin < 150; begin += piece)
      parts.push_back(stream.push(all.slice(0, begin, begin + piece)));
    parts.push_back(stream.finish());
    test::expect_close("wave", at::cat(parts), whole, 0, 1e-5);
    if (piece == 1) EXPECT_GT(parts[100].numel(), 0);
  }
  EXPECT_EQ(WaveStream(vocos(), codec()).finish().numel(), 0);
}

TEST(WaveStream, WithoutVocosTheCodecSpeaks) {
  WaveStream stream(nullptr, codec());
  const at::Tensor all = codes(20);
  EXPECT_EQ(stream.push(all.slice(0, 0, 9)).numel(), 0);
  stream.push(all.slice(0, 9));
  test::expect_close("wave", stream.finish(),
                     codec()->decode(all.t().unsqueeze(0).contiguous()).reshape({-1}), 0, 1e-6);
}

struct Spoken {
  std::vector<LineReport> lines;
  at::Tensor wave;
};

text::VallexTokens line(int64_t first, int64_t count) {
  text::VallexTokens out;
  for (int64_t i = 0; i < count; ++i) out.ids.push_back(5 + (first + i) % 60);
  out.languages.assign(out.ids.size(), 1);
  return out;
}

Spoken speak(LongText mode, uint64_t seed, int64_t accent = -1) {
  const VoicePrompt prompt{.codes = codes(20), .words = line(3, 6)};
  SpeakTextOptions o;
  o.line.seed = seed;
  o.mode = mode;
  o.accent = accent;
  o.fixed_frames = [](size_t i) { return static_cast<int64_t>(6 + i); };
  std::vector<at::Tensor> parts;
  o.sink = [&](const at::Tensor& wave) { parts.push_back(wave); };
  std::vector<text::VallexTokens> lines;
  for (int64_t i = 0; i < 5; ++i) lines.push_back(line(7 * i, 5 + i));
  Spoken out;
  out.lines = SpeakText(lm(), vocos(), codec()).run(lines, prompt, o);
  out.wave = at::cat(parts);
  return out;
}

TEST(SpeakText, SentencesAreOneWave) {
  const Spoken a = speak(LongText::kFixed, 3), again = speak(LongText::kFixed, 3);
  ASSERT_EQ(a.lines.size(), 5U);
  int64_t frames = 0;
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(a.lines[i].frames, static_cast<int64_t>(6 + i));
    EXPECT_EQ(a.lines[i].stopped_by, "fixed");
    frames += a.lines[i].frames;
  }
  EXPECT_EQ(a.wave.numel(), frames * 320);
  EXPECT_TRUE(a.wave.equal(again.wave));
  EXPECT_FALSE(a.wave.equal(speak(LongText::kFixed, 4).wave));
  EXPECT_FALSE(a.wave.equal(speak(LongText::kFixed, 3, 0).wave));
}

TEST(SpeakText, SlidingTakesTheSentenceBeforeAsPrompt) {
  const Spoken fixed = speak(LongText::kFixed, 3), sliding = speak(LongText::kSliding, 3);
  // The first sentence has the given prompt in both; then the draws of the seed decide.
  EXPECT_EQ(fixed.lines[0].log_prob, sliding.lines[0].log_prob);
  bool differs = false, same = false;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const Spoken f = speak(LongText::kFixed, seed), s = speak(LongText::kSliding, seed);
    for (size_t i = 1; i < 5; ++i)
      (f.lines[i].log_prob == s.lines[i].log_prob ? same : differs) = true;
  }
  EXPECT_TRUE(differs);
  EXPECT_TRUE(same);
}

TEST(SpeakText, CancelledIsAnError) {
  SpeakTextOptions o;
  o.line.cancelled = [] { return true; };
  EXPECT_THROW(SpeakText(lm(), vocos(), codec()).run({line(0, 4)}, {.codes = codes(5)}, o), Error);
}

}  // namespace
}  // namespace vl::stages
