#include "vl/stages/speak_line.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/dsp/denoise.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/models/default_fill.h"
#include "vl/models/fastpitch/import.h"
#include "vl/models/hifigan/import.h"
#include "vl/models/registry.h"
#include "vl/stages/vocode_line.h"
#include "vl/weights/fill.h"

namespace vl::stages {
namespace {

using models::fastpitch::FastPitch;
using models::hifigan::Generator;
using text::FastPitchLine;

const std::string kFolder = "parity/fastpitch/";

template <class Model>
std::shared_ptr<const Model> filled(const models::ModelClass& model, const std::string& name,
                                    uint64_t seed) {
  weights::Checkpoint c =
      weights::read_fill(test::data(kFolder + name + ".params.json").string(), seed, false);
  std::ifstream in(test::data(kFolder + name + ".config.json"));
  c.config = nlohmann::json::parse(in);
  return models::build_as<Model>(model.import(c), name);
}

const std::shared_ptr<const FastPitch>& fastpitch() {
  static const auto model =
      filled<FastPitch>(models::fastpitch::fastpitch_class(), "fastpitch_a", 24);
  return model;
}

const std::shared_ptr<const Generator>& vocoder() {
  static const auto model = [] {
    kernels::prepare_compute_thread();  // these weights make many denormals
    return filled<Generator>(models::hifigan::hifigan_class(), "hifigan_v1_small", 5);
  }();
  return model;
}

const text::FastPitchFrontEnd& front_end() {
  static const text::FastPitchFrontEnd one(test::source("assets").string(), {});
  return one;
}

FastPitchLine read(const std::string& markup) {
  const auto all =
      text::marked_lines(text::parse_markup(markup), "en", [](const std::string&) { return true; });
  return text::fastpitch_line(all.at(0), front_end());
}

SpeakLine speaker(const SpeakLineOptions& options = {}) {
  return {fastpitch(), front_end().symbols(), options};
}

at::Tensor ids_of(const FastPitchLine& line) { return at::tensor(line.ids).unsqueeze(0); }

TEST(SpeakLine, IsTheModelsOwnResult) {
  const FastPitchLine line = read("Good morning, everybody.");
  models::fastpitch::FastPitchControls c;
  c.pace = 1.25;
  c.pitch.shift_hz = 15;
  const auto want = fastpitch()->infer(ids_of(line), c);
  const LineMel got = speaker({.pace = 1.25, .pitch = c.pitch}).run({line})[0];
  test::expect_close("mel", got.mel, want.mel[0], 1e-6);
  EXPECT_EQ(got.ends.back(), got.mel.size(1));
  EXPECT_FALSE(got.gain.defined());
}

TEST(SpeakLine, LinesTogetherEqualLinesAlone) {
  const std::vector<FastPitchLine> lines = {
      read("One."), read("This is <emphasis>the longest</emphasis> of all the lines, surely."),
      read("A <break time=\"200ms\"/> third <prosody pitch=\"+3st\">one</prosody>.")};
  const SpeakLine speak = speaker();
  const std::vector<LineMel> together = speak.run(lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    const LineMel alone = speak.run({lines[i]})[0];
    EXPECT_EQ(together[i].starts, alone.starts);
    EXPECT_EQ(together[i].ends, alone.ends);
    test::expect_close("mel", together[i].mel, alone.mel, 5e-5);
  }
}

TEST(SpeakLine, StylesChangeTheirSymbolsOnly) {
  const FastPitchLine plain = read("one two three"),
                      slow = read("one <prosody rate=\"50%\" volume=\"-6dB\">two</prosody> three");
  ASSERT_EQ(plain.ids, slow.ids);
  const SpeakLine speak = speaker();
  const LineMel a = speak.run({plain})[0], b = speak.run({slow})[0];
  const auto frames = [](const LineMel& m, size_t i) { return m.ends[i] - m.starts[i]; };
  const auto& two = slow.words[1];
  int64_t inside_a = 0, inside_b = 0;
  for (size_t i = 0; i < plain.ids.size(); ++i) {
    const bool inside = i >= two.begin && i < two.end;
    if (inside)
      inside_a += frames(a, i), inside_b += frames(b, i);
    else
      EXPECT_EQ(frames(a, i), frames(b, i)) << i;
  }
  EXPECT_NEAR(static_cast<double>(inside_b), 2.0 * static_cast<double>(inside_a),
              static_cast<double>(two.end - two.begin));
  const auto start = b.starts[two.begin];
  EXPECT_NEAR(b.gain[start].item<double>(), std::pow(10.0, -0.3), 1e-6);
  EXPECT_EQ(b.gain[0].item<double>(), 1.0);
}

TEST(SpeakLine, BreaksAreSilentFramesBetweenTheSymbols) {
  const FastPitchLine plain = read("one two"), broken = read("one <break time=\"500ms\"/>two");
  const SpeakLine speak = speaker();
  const LineMel a = speak.run({plain})[0], b = speak.run({broken})[0];
  const int64_t pause = std::llround(0.5 * 22050 / 256), at = a.starts[plain.words[1].begin];
  ASSERT_EQ(b.mel.size(1), a.mel.size(1) + pause);
  EXPECT_EQ(b.starts[plain.words[1].begin], at + pause);
  EXPECT_EQ(b.ends[plain.words[1].begin - 1], at);
  const at::Tensor silent = b.mel.slice(1, at, at + pause);
  EXPECT_NEAR(silent.min().item<double>(), std::log(1e-5), 1e-5);
  EXPECT_EQ(silent.min().item<double>(), silent.max().item<double>());
  EXPECT_TRUE(at::equal(b.mel.slice(1, 0, at), a.mel.slice(1, 0, at)));
  EXPECT_TRUE(at::equal(b.mel.slice(1, at + pause), a.mel.slice(1, at)));
}

TEST(SpeakLine, DurationsCanBeGiven) {
  const FastPitchLine line = read("one <break/>two");
  const SpeakLine speak = speaker({.pace = 1.1});
  const std::vector<double> natural = speak.durations(line);
  const LineMel own = speak.run({line})[0];
  double sum = 0;
  for (double d : natural) sum += d;
  EXPECT_NEAR(sum + speak.frames_of(0.4), static_cast<double>(own.mel.size(1)),
              0.5 * static_cast<double>(natural.size()) + 1);
  LineFrames given{.symbols = std::vector<int64_t>(line.ids.size(), 4), .breaks = {7}};
  const LineMel got = speak.run({line}, {given})[0];
  EXPECT_EQ(got.mel.size(1), static_cast<int64_t>(4 * line.ids.size() + 7));
}

TEST(SpeakLine, ModelsAndSettingsThatDoNotFitAreErrors) {
  const auto code = [](const SpeakLineOptions& o, const char* set = "english_basic") {
    return test::code_of([&] { SpeakLine(fastpitch(), text::SymbolSet(set), o); });
  };
  EXPECT_EQ(code({.speaker = 1}), Code::kBadValue);
  EXPECT_EQ(code({}, "english_expanded"), Code::kBadWeights);
  const auto b = filled<FastPitch>(models::fastpitch::fastpitch_class(), "fastpitch_b", 14);
  EXPECT_EQ(
      test::code_of([&] { SpeakLine(b, text::SymbolSet("english_basic"), {.energy_scale = 1.5}); }),
      Code::kBadValue);
}

at::Tensor joined(const VocodeLine& vocode, const LineMel& mel, int64_t first_chunk,
                  int64_t fade = 0) {
  std::vector<at::Tensor> parts;
  vocode.run(mel, {.first_chunk = first_chunk,
                   .fade_frames = fade,
                   .sink = [&](const at::Tensor& w) { parts.push_back(w.clone()); }});
  return at::cat(parts);
}

LineMel random_line(int64_t frames) {
  return {.mel = weights::fill_tensor("input:mel", {80, frames}, 3, 4.0, -5.0)};
}

TEST(VocodeLine, PiecesEqualOnePassWithItsDenoiser) {
  for (double strength : {0.0, 0.05}) {
    const VocodeLine vocode(vocoder(), strength);
    for (int64_t frames : {1, 2, 3, 30, 700}) {
      const LineMel line = random_line(frames);
      at::Tensor whole = vocoder()->forward(line.mel.unsqueeze(0)).reshape({1, -1});
      if (strength > 0 && frames > 2) {
        const at::Tensor bias = dsp::bias_spectrum(vocoder()->forward(at::zeros({1, 80, 88}))[0]);
        whole = dsp::denoise(whole, bias, strength);
      }
      for (int64_t first_chunk : {7, 64, 512}) {
        const at::Tensor got = joined(vocode, line, first_chunk);
        ASSERT_EQ(got.size(0), frames * 256);
        if (strength == 0 || frames > 2)
          test::expect_close("wave", got, whole[0], 2e-5);
        else
          EXPECT_TRUE(got.isfinite().all().item<bool>());
      }
    }
  }
}

TEST(VocodeLine, OtherRatesAndHops) {
  struct Row {
    const char* name;
    int64_t rate;
    std::vector<int64_t> rates, kernels;
  };
  const Row rows[] = {{"16 kHz", 16000, {5, 5, 4, 2}, {11, 11, 8, 4}},
                      {"24 kHz", 24000, {5, 5, 4, 3}, {11, 11, 8, 7}},
                      {"44.1 kHz", 44100, {8, 8, 4, 2}, {16, 16, 8, 4}}};
  for (const Row& row : rows) {
    const auto generator =
        models::build_as<Generator>(models::default_fill("hifigan", "hifigan",
                                                         {{"upsample_rates", row.rates},
                                                          {"upsample_kernel_sizes", row.kernels},
                                                          {"upsample_initial_channel", 32},
                                                          {"sampling_rate", row.rate}},
                                                         7),
                                    row.name);
    const int64_t hop = generator->config().samples_per_frame();
    const VocodeLine vocode(generator, 0.05);
    EXPECT_EQ(vocode.rate(), row.rate);
    const LineMel line = random_line(150);
    at::Tensor whole = generator->forward(line.mel.unsqueeze(0)).reshape({1, -1});
    whole = at::constant_pad_nd(whole, {0, (256 - whole.size(1) % 256) % 256});
    const at::Tensor bias = dsp::bias_spectrum(generator->forward(at::zeros({1, 80, 88}))[0]);
    whole = dsp::denoise(whole, bias, 0.05)[0].slice(0, 0, 150 * hop);
    for (int64_t first_chunk : {11, 90, 512})
      test::expect_close(row.name, joined(vocode, line, first_chunk), whole, 2e-5);
  }
}

TEST(VocodeLine, GainsAndFade) {
  const VocodeLine vocode(vocoder(), 0);
  LineMel line = random_line(40);
  const at::Tensor plain = joined(vocode, line, 512), faded = joined(vocode, line, 16, 10);
  EXPECT_TRUE(at::allclose(faded.slice(0, 0, 30 * 256), plain.slice(0, 0, 30 * 256), 1e-4, 2e-5));
  const at::Tensor ramp = at::linspace(1, 0, 2560);
  test::expect_close("fade", faded.slice(0, 30 * 256), plain.slice(0, 30 * 256) * ramp, 2e-5);
  EXPECT_EQ(faded[-1].item<double>(), 0.0);

  line.gain = at::ones({40});
  line.gain.slice(0, 20).fill_(0.5);
  for (int64_t first_chunk : {13, 512}) {
    const at::Tensor quiet = joined(vocode, line, first_chunk);
    test::expect_close("before", quiet.slice(0, 0, 19 * 256), plain.slice(0, 0, 19 * 256), 2e-5);
    test::expect_close("behind", quiet.slice(0, 21 * 256), plain.slice(0, 21 * 256) * 0.5, 2e-5);
    const at::Tensor share = (quiet / plain).slice(0, 19 * 256 + 128, 20 * 256 + 128);
    EXPECT_NEAR(share.median().item<double>(), 0.75, 0.01);
  }
  // A fade longer than the line is as long as the line.
  EXPECT_NEAR(joined(vocode, random_line(4), 512, 10)[-1].item<double>(), 0.0, 1e-9);
}

}  // namespace
}  // namespace vl::stages
