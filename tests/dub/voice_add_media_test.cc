#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/voice_add.h"
#include "vl/dub/voice_list.h"
#include "vl/dub/voice_prompt.h"
#include "vl/media/audio.h"
#include "vl/weights/safetensors.h"

namespace vl::dub {
namespace {

namespace fs = std::filesystem;

using test::code_of;

const std::string kWords = "The uncle claimed her. The husband resisted.";
const std::string kConsent = "Mina Kim, 2020-11-02, demo";

VoiceConfig config(const fs::path& audio, const std::string& text = kWords) {
  VoiceConfig out;
  out.voice.audio = audio.string();
  out.voice.text = text;
  out.consent.i_have_consent = kConsent;
  return out;
}

class AddVoice : public testing::Test {
 protected:
  weights::VoiceFile add(const VoiceConfig& c, const std::string& name = "mina",
                         bool overwrite = false) {
    AddEnvironment env{.assets_dir = test::source("assets").string(), .overwrite = overwrite};
    return add_voice(store(), name, c, env, warnings_);
  }
  VoiceStore store() const { return VoiceStore(dir_ / "voices"); }
  fs::path sound(const std::string& name, double begin_s, double seconds, float gain = 1.0F) const {
    media::Pcm pcm = media::read_wav(test::data("assets/speech/eng_60s_16k.wav"));
    const auto at = pcm.samples.begin() + static_cast<std::ptrdiff_t>(begin_s * 16000);
    pcm.samples = {at, at + static_cast<std::ptrdiff_t>(seconds * 16000)};
    for (float& x : pcm.samples) x *= gain;
    media::write_wav(dir_ / name, pcm);
    return dir_ / name;
  }
  bool nothing_left() const {
    std::error_code error;
    return fs::directory_iterator(store().folder(), error) == fs::directory_iterator();
  }

  WarningList warnings_;
  test::TempDir dir_;
};

TEST_F(AddVoice, APromptIsStoredAt24kHz) {
  const fs::path speech = test::data("assets/speech/LJ011-0202_ground-truth.wav");
  const weights::VoiceFile file = add(config(speech));
  const weights::PackVoice& v = file.voice;
  const media::Pcm stored = media::read_wav(v.prompt->audio);
  EXPECT_EQ(stored.rate, 24000);
  EXPECT_NEAR(stored.seconds(), 3.1418, 0.001);
  EXPECT_EQ(v.prompt->text, kWords);
  EXPECT_EQ(v.languages, std::vector<std::string>{"en"});
  EXPECT_GT(v.pitch_hz, 120);
  EXPECT_LT(v.pitch_hz, 300);
  EXPECT_NO_THROW(weights::verify_prompt(*v.prompt, "mina"));
  EXPECT_EQ(file.id, "v_" + sha256_hex(v.prompt->sha256 + "\n\n").substr(0, 4));
  EXPECT_EQ(stored_consent(v).voice_sha256, sha256_file(speech.string()));
  const auto json = voice_json(file);
  EXPECT_TRUE(json["rvc"].is_null());
  EXPECT_TRUE(json["prompt"]["codes"].is_null());
  EXPECT_EQ(json["usable_for"], nlohmann::json({"dub", "clone"}));
}

TEST_F(AddVoice, CodesAreKeptBesideTheVoice) {
  const weights::PackVoice v =
      add(config(test::data("assets/speech/LJ011-0202_ground-truth.wav"))).voice;
  const std::string path = test::data("parity/vallex/checkpoints/tiny_encodec_24khz.th").string();
  const auto codec = models::build_as<models::encodec::Encodec>(
      models::read_model("codec", weights::read_checkpoint(path)), path);
  const at::Tensor first = voice_prompt_codes(v, *codec, "c0dec");
  EXPECT_EQ(first.size(1), 8);
  EXPECT_EQ(first.size(0), 236);  // 75 a second
  EXPECT_EQ(first.scalar_type(), at::kLong);
  const fs::path file = codes_path(v, "c0dec");
  at::Tensor kept = weights::read_safetensors(file.string()).tensors.at("codes").clone();
  EXPECT_EQ(kept.scalar_type(), at::kShort);
  EXPECT_TRUE(at::equal(kept.to(at::kLong).t(), first));
  // The file answers, not the codec, while it is whole.
  weights::StateDict other;
  kept.fill_(7);
  other.set("codes", kept);
  weights::write_safetensors(file.string(), other);
  EXPECT_TRUE(voice_prompt_codes(v, *codec, "c0dec").eq(7).all().item<bool>());
  EXPECT_TRUE(at::equal(voice_prompt_codes(v, *codec, "another"), first));
  kept.fill_(2000);
  weights::write_safetensors(file.string(), other);
  EXPECT_TRUE(at::equal(voice_prompt_codes(v, *codec, "c0dec"), first));
  write_file_atomic(file.string(), "damaged");
  EXPECT_TRUE(at::equal(voice_prompt_codes(v, *codec, "c0dec"), first));
}

TEST_F(AddVoice, APresetIsItsCodes) {
  const VoiceConfig preset = config(test::data("assets/vallex/presets/cafe.npz"), "");
  const weights::VoiceFile file = add(preset);
  EXPECT_TRUE(file.voice.prompt->npz);
  EXPECT_FALSE(fs::exists(file.voice.folder / "prompt.wav"));
  const auto json = voice_json(file);
  EXPECT_GT(json["prompt"]["seconds"].get<double>(), 1.0);
  EXPECT_EQ(file.voice.languages, std::vector<std::string>{json["prompt"]["lang"]});
  EXPECT_EQ(code_of([&] { add(config(preset.voice.audio, "words"), "other"); }),
            Code::kExclusiveFlags);
}

TEST_F(AddVoice, ModelAndIndexMustFitEachOther) {
  VoiceConfig c;
  c.voice.rvc_model = test::data("parity/rvc/v2_40k_f0.pth").string();
  c.voice.rvc_index = test::data("parity/rvc/index_v1.index").string();
  c.consent.i_have_consent = kConsent;
  EXPECT_EQ(code_of([&] { add(c); }), Code::kIndexMismatch);
  EXPECT_TRUE(nothing_left());
  c.voice.rvc_index = test::data("parity/rvc/index_v2.index").string();
  const weights::VoiceFile file = add(c);
  EXPECT_NO_THROW(weights::verify_source(*file.voice.rvc, "mina"));
  EXPECT_NO_THROW(weights::verify_source(*file.voice.rvc_index, "mina"));
  EXPECT_EQ(voice_json(file)["rvc"]["sample_rate"], 40000);
  const std::string id = file.id;
  EXPECT_NE(add(c, "twin").id, id);
}

TEST_F(AddVoice, WhatCannotBeAVoiceLeavesNothing) {
  VoiceConfig none = config(sound("a.wav", 10, 4));
  none.consent.i_have_consent.clear();
  VoiceConfig no_words = config(sound("a.wav", 10, 4), "");
  VoiceConfig lone_index;
  lone_index.voice.rvc_index = "x.index";
  const struct {
    VoiceConfig config;
    Code code;
  } rows[] = {
      {none, Code::kNoConsent},
      {config(sound("short.wav", 10, 0.5)), Code::kBadPrompt},
      {config(sound("long.wav", 10, 15.2)), Code::kBadPrompt},
      {config(test::data("assets/speech/eng_60s_16k.wav")), Code::kBadPrompt},
      {config(sound("silent.wav", 10, 4, 0.0F)), Code::kBadPrompt},
      {config(sound("loud.wav", 10, 4, 200.0F)), Code::kBadPrompt},
      {config(sound("b.wav", 10, 4), "?!"), Code::kBadText},
      {no_words, Code::kMissingArgument},
      {VoiceConfig{}, Code::kMissingArgument},
      {lone_index, Code::kExclusiveFlags},
      {config(dir_ / "absent.wav"), Code::kNotFound},
      {config(test::data("parity/rvc/v2_40k_f0.pth")), Code::kNotDecodable},
      {config(test::data("assets/vallex/LICENSE")), Code::kNotDecodable},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(code_of([&] { add(row.config); }), row.code) << row.config.voice.audio;
    EXPECT_TRUE(nothing_left());
  }
}

TEST_F(AddVoice, AnOlderVoiceStaysUntilTheNewOneIsWhole) {
  add(config(sound("a.wav", 10, 4)));
  const std::string id = store().read("mina").id;
  EXPECT_EQ(code_of([&] { add(config(sound("b.wav", 20, 4))); }), Code::kOutputExists);
  EXPECT_EQ(code_of([&] { add(config(sound("c.wav", 20, 0.5)), "mina", true); }), Code::kBadPrompt);
  EXPECT_EQ(store().read("mina").id, id);
  add(config(sound("b.wav", 20, 4)), "mina", true);
  EXPECT_NE(store().read("mina").id, id);
}

}  // namespace
}  // namespace vl::dub
