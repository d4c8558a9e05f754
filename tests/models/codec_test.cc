#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/encodec/encodec.h"
#include "vl/models/vocos/vocos.h"
#include "vl/models/vocos/yaml.h"
#include "vl/weights/fill.h"
#include "vl/weights/npz.h"

namespace vl::models {
namespace {

using encodec::Encodec;
using test::expect_close;
using test::expect_equal;
using vocos::Vocos;

constexpr double kRel = 1e-5, kDecided = 1e-4;
const std::string kFolder = "parity/vallex/";

const Encodec& codec() {
  static const auto loaded = [] {
    const auto c =
        weights::read_fill(test::data(kFolder + "encodec/params.json").string(), 21, false);
    return build_as<Encodec>(encodec::encodec_class().import(c), c.file);
  }();
  return *loaded;
}

at::Tensor wave(const std::string& name, int64_t length, uint64_t seed = 21) {
  return weights::fill_tensor("input:" + name, {1, 1, length}, seed, 0.3, 0.0);
}

at::Tensor preset_codes(int64_t frames) {
  const auto npz =
      weights::read_npz(test::data("assets/vallex/presets/librispeech_2.npz").string());
  return npz.at("audio_tokens")[0].slice(0, 0, frames).t().unsqueeze(0).contiguous();
}

/// Codes must agree where this and all earlier books of the frame are decided by more than the
/// arithmetic error.
void expect_codes(const std::string& name, const at::Tensor& got, const at::Tensor& want,
                  const at::Tensor& margins) {
  const at::Tensor decided = margins.gt(kDecided).to(at::kInt).cumprod(0).to(at::kBool);
  EXPECT_TRUE(got.eq(want).logical_or(decided.logical_not()).all().item<bool>()) << name;
  EXPECT_GT(decided.to(at::kDouble).mean().item<double>(), 0.9) << name;
}

TEST(Encodec, EncoderBlocks) {
  const auto& g = test::golden(kFolder + "encodec/golden.safetensors");
  Taps taps;
  codec().encode(wave("wav_short", 6123), 8, false, &taps);
  int compared = 0;
  for (int i = 0; i <= 15; ++i) {
    const auto want = g.find(fmt::format("out:short.encoder.{}", i));
    if (want == g.end()) continue;
    const at::Tensor got = taps.at(fmt::format("encoder.{}", i));
    expect_close(want->first, i <= 4 ? got.slice(2, 0, got.size(2), 8) : got, want->second, 0,
                 kRel);
    ++compared;
  }
  EXPECT_EQ(compared, 11);
}

TEST(Encodec, CodesAndMargins) {
  const auto& g = test::golden(kFolder + "encodec/golden.safetensors");
  const at::Tensor x = g.at("input:wav3s").reshape({1, 1, -1});
  const auto r = codec().encode(x, 8, true);
  expect_close("encoder", r.encoder, g.at("out:wav3s.encoder"), 0, kRel);
  expect_codes("wav3s", r.codes[0], g.at("out:wav3s.codes").reshape({8, -1}), r.margins[0]);
  expect_close("margins", r.margins[0], g.at("out:wav3s.margins"), 1e-3, 1e-4);
  const auto all = codec().encode(x, 32, true);
  expect_codes("codes32", all.codes[0].slice(1, 0, 40),
               g.at("out:wav3s.codes32.first40").reshape({32, 40}), all.margins[0].slice(1, 0, 40));
}

TEST(Encodec, ShortAndUnevenLengths) {
  const auto& g = test::golden(kFolder + "encodec/golden.safetensors");
  for (const int64_t n : {1, 7, 319, 320, 321, 640, 961}) {
    const auto r = codec().encode(wave(fmt::format("wav_len{}", n), n), 8, true);
    expect_close(fmt::format("len{}", n), r.encoder, g.at(fmt::format("out:len{}.encoder", n)), 0,
                 kRel);
    expect_codes(fmt::format("len{}", n), r.codes[0],
                 g.at(fmt::format("out:len{}.codes", n)).reshape({8, -1}), r.margins[0]);
    EXPECT_EQ(r.codes.size(2), (n + 319) / 320);
  }
  EXPECT_THROW(codec().encode(at::zeros({1, 1, 0}), 8), Error);
  EXPECT_THROW(codec().encode(at::zeros({1, 1, 100}), 33), Error);
}

TEST(Encodec, Decoder) {
  const auto& g = test::golden(kFolder + "encodec/golden.safetensors");
  Taps taps;
  codec().decode(preset_codes(30), &taps);
  expect_close("quantized", taps.at("quantized"), g.at("out:preset.quantized"), 0, kRel);
  for (int i = 0; i <= 15; ++i) {
    const auto want = g.find(fmt::format("out:preset.decoder.{}", i));
    if (want == g.end()) continue;
    const at::Tensor got = taps.at(fmt::format("decoder.{}", i));
    expect_close(want->first, i >= 7 && i < 15 ? got.slice(2, 0, got.size(2), 8) : got,
                 want->second, 0, kRel);
  }
  EXPECT_THROW(codec().decode(at::full({1, 8, 3}, 1024, at::kLong)), Error);
}

const Vocos& vocoder() {
  static const auto loaded = [] {
    const auto c =
        weights::read_fill(test::data(kFolder + "vocos/params.json").string(), 22, false);
    return build_as<Vocos>(vocos::vocos_class().import(c), c.file);
  }();
  return *loaded;
}

TEST(VocosModel, BlocksAndWaves) {
  const auto& g = test::golden(kFolder + "vocos/golden.safetensors");
  const at::Tensor codes = preset_codes(60);
  Taps taps;
  taps["wav"] = vocoder().decode(codes, 2, &taps);
  for (const char* block : {"features", "embed", "norm", "convnext0", "convnext1", "convnext2",
                            "backbone", "head_linear", "wav"})
    expect_close(block, taps.at(block), g.at(std::string("out:bw2.") + block), 0, kRel);
  for (const int64_t id : {0, 1, 3})
    expect_close(fmt::format("bw{}", id), vocoder().decode(codes, id),
                 g.at(fmt::format("out:bw{}.wav", id)), 0, kRel, 3);
  expect_close("1 frame", vocoder().decode(codes.slice(2, 0, 1), 2), g.at("out:bw2.1frame.wav"), 0,
               kRel);
  expect_close("5 frames", vocoder().decode(codes.slice(2, 0, 5), 2), g.at("out:bw2.5frames.wav"),
               0, kRel);
  expect_close("4 books", vocoder().decode(codes.slice(1, 0, 4).slice(2, 0, 20), 1),
               g.at("out:bw1.4books20frames.wav"), 0, kRel);
  EXPECT_THROW(vocoder().decode(codes, 4), Error);
}

TEST(Codecs, PublicContainers) {
  const auto& g = test::golden(kFolder + "checkpoints/golden.safetensors");
  const auto ce =
      weights::read_checkpoint(test::data(kFolder + "checkpoints/tiny_encodec_24khz.th").string());
  const auto e = build_as<Encodec>(encodec::encodec_class().import(ce), ce.file);
  const auto r = e->encode(wave("tiny_wav", 3333, 54), 8, true);
  expect_close("encoder", r.encoder, g.at("out:tiny_encodec:encoder"), 0, kRel);
  expect_codes("codes", r.codes[0], g.at("out:tiny_encodec:codes"), r.margins[0]);
  const at::Tensor codes = g.at("out:tiny_encodec:codes").unsqueeze(0);
  expect_close("wave", e->decode(codes), g.at("out:tiny_encodec:wav"), 0, kRel);
  auto cv = weights::read_checkpoint(test::data(kFolder + "checkpoints/tiny_vocos.bin").string());
  std::ifstream in(test::data(kFolder + "checkpoints/tiny_vocos.config.yaml"));
  cv.config = vocos::parse_simple_yaml(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_EQ((*cv.config)["head"]["init_args"]["hop_length"], 320);
  EXPECT_EQ((*cv.config)["feature_extractor"]["init_args"]["bandwidths"].size(), 4u);
  const auto v = build_as<Vocos>(vocos::vocos_class().import(cv), cv.file);
  expect_close("vocos", v->decode(codes, 2), g.at("out:tiny_vocos:wav"), 0, kRel);
}

}  // namespace
}  // namespace vl::models
