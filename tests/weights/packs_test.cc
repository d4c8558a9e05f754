#include "vl/weights/packs.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::weights {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A folder "pack" with a few files, and "assets" beside it.
class Packs : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder() / "voices");
    fs::create_directories(assets());
    for (const fs::path& file :
         {folder() / "a.safetensors", folder() / "p.json", folder() / "voices/v.wav",
          folder() / "lexicon.tsv", assets() / "yunet.safetensors"})
      write_file_atomic(file.string(), file.filename().string());
  }

  fs::path folder() const { return dir_ / "pack"; }
  fs::path assets() const { return dir_ / "assets"; }
  void write(const json& document) const {
    write_file_atomic((folder() / "pack.json").string(), document.dump());
  }

  static json valid() {
    return {{"format", 1},
            {"name", "demo"},
            {"version", "1.0.0"},
            {"title", "Demo"},
            {"trained", true},
            {"licence", "MIT"},
            {"attribution", {"one", "two"}},
            {"git", "0a1b2c3"},
            {"recipe", {"r.toml"}},
            {"default_voice", "anna"},
            {"model",
             {{{"role", "vallex"},
               {"file", "a.safetensors"},
               {"sha256", sha256_hex("a.safetensors")},
               {"bytes", 13},
               {"languages", {"en", "zh"}},
               {"figures", {{"wer", 0.25}, {"sentences", 50}}}},
              {{"role", "face"},
               {"arch", "yunet"},
               {"file", "@assets/yunet.safetensors"},
               {"sha256", sha256_hex("yunet.safetensors")}},
              {{"role", "f0"},
               {"fill",
                {{"seed", 31},
                 {"params", "p.json"},
                 {"config", {{"n_gru", 1}, {"name", "quote \" and \x7f"}}},
                 {"storage", "float16"}}}}}},
            {"voice",
             {{{"name", "anna"},
               {"title", "Anna (en)"},
               {"languages", {"en"}},
               {"attribution", {"somebody"}},
               {"rvc", {{"file", "a.safetensors"}, {"sha256", "ab"}}},
               {"rvc_index", {{"file", "a.safetensors"}, {"sha256", "cd"}}},
               {"pitch_hz", 201.5},
               {"prompt",
                {{"audio", "voices/v.wav"},
                 {"text", "Hello, wörld."},
                 {"lang", "en"},
                 {"sha256", sha256_hex("v.wav")}}},
               {"tts_speaker", 2}}}},
            {"lexicon", {{{"lang", "en"}, {"file", "lexicon.tsv"}}}}};
  }

  static void expect_same(const Pack& a, const Pack& b) {
    EXPECT_EQ(a.name + a.version + a.title + a.licence + a.git + a.default_voice,
              b.name + b.version + b.title + b.licence + b.git + b.default_voice);
    EXPECT_EQ(a.attribution, b.attribution);
    EXPECT_EQ(a.recipe, b.recipe);
    ASSERT_EQ(a.models.size(), b.models.size());
    for (size_t i = 0; i < a.models.size(); ++i) {
      const PackModel &m = a.models[i], &n = b.models[i];
      EXPECT_EQ(m.role + m.arch + m.source.sha256, n.role + n.arch + n.source.sha256);
      EXPECT_EQ(m.source.file, n.source.file);
      EXPECT_EQ(m.source.bytes, n.source.bytes);
      EXPECT_EQ(m.languages, n.languages);
      EXPECT_EQ(m.figures, n.figures);
      ASSERT_EQ(m.source.fill.has_value(), n.source.fill.has_value());
      if (!m.source.fill) continue;
      EXPECT_EQ(m.source.fill->config, n.source.fill->config);
      EXPECT_EQ(m.source.fill->params, n.source.fill->params);
      EXPECT_EQ(m.source.fill->half, n.source.fill->half);
    }
    ASSERT_EQ(a.voices.size(), b.voices.size());
    const PackVoice &v = a.voices.front(), &w = b.voices.front();
    EXPECT_EQ(v.attribution, w.attribution);
    EXPECT_EQ(v.rvc->sha256 + v.rvc_index->sha256, w.rvc->sha256 + w.rvc_index->sha256);
    EXPECT_EQ(v.prompt->text + v.prompt->lang, w.prompt->text + w.prompt->lang);
    EXPECT_EQ(v.prompt->audio, w.prompt->audio);
    EXPECT_EQ(v.pitch_hz, w.pitch_hz);
    EXPECT_EQ(v.tts_speaker, w.tts_speaker);
    EXPECT_EQ(a.lexicons.front().file, b.lexicons.front().file);
  }

 private:
  test::TempDir dir_;
};

TEST_F(Packs, WhatIsWrittenIsReadBack) {
  write(valid());
  const Pack first = read_pack(folder(), assets());
  EXPECT_EQ(first.model("face")->source.file, assets() / "yunet.safetensors");
  EXPECT_EQ(first.model("f0")->source.fill->seed, 31U);
  EXPECT_EQ(first.voice("anna")->pitch_hz, 201.5);
  EXPECT_EQ(first.voice("otto"), nullptr);
  write_pack(first, assets());
  expect_same(first, read_pack(folder(), assets()));
}

TEST_F(Packs, TheBuiltInPackIsValid) {
  const Pack pack = read_pack(test::source("packs/untrained"), test::source("assets"));
  EXPECT_FALSE(pack.trained);
  ASSERT_NE(pack.voice(pack.default_voice), nullptr);
  for (const PackModel& m : pack.models) EXPECT_NO_THROW(verify_source(m.source, m.role)) << m.role;
}

TEST_F(Packs, WrongPacksAreErrorsThatNameTheKey) {
  const struct {
    const char* patch;  // JSON patch (RFC 6902) of the valid pack
    Code code;
    const char* says;
  } rows[] = {
      {R"([{"op":"remove","path":"/name"}])", Code::kConfig, "\"name\" is missing"},
      {R"([{"op":"replace","path":"/name","value":"De mo"}])", Code::kConfig, "De mo"},
      {R"([{"op":"replace","path":"/format","value":2}])", Code::kConfig, "format"},
      {R"([{"op":"add","path":"/licens","value":"x"}])", Code::kConfig, "did you mean \"licence\""},
      {R"([{"op":"replace","path":"/trained","value":"yes"}])", Code::kConfig, "trained"},
      {R"([{"op":"replace","path":"/model","value":3}])", Code::kConfig, "model"},
      {R"([{"op":"add","path":"/model/0/seed","value":1}])", Code::kConfig, "seed"},
      {R"([{"op":"remove","path":"/model/0/sha256"}])", Code::kConfig, "sha256"},
      {R"([{"op":"remove","path":"/model/0/file"}])", Code::kConfig, "file and fill"},
      {R"([{"op":"replace","path":"/model/0/file","value":"../x"}])", Code::kPathLeavesRoot,
       "../x"},
      {R"([{"op":"replace","path":"/model/0/file","value":"/etc/passwd"}])", Code::kPathLeavesRoot,
       "/etc/passwd"},
      {R"([{"op":"replace","path":"/model/0/file","value":"a/../../x"}])", Code::kPathLeavesRoot,
       "leaves"},
      {R"([{"op":"replace","path":"/model/0/file","value":"@assets/../x"}])", Code::kPathLeavesRoot,
       "leaves"},
      {R"([{"op":"replace","path":"/model/0/file","value":"gone.safetensors"}])",
       Code::kModelMissing, "gone.safetensors"},
      {R"([{"op":"replace","path":"/model/0/file","value":"voices"}])", Code::kModelMissing,
       "voices"},
      {R"([{"op":"replace","path":"/model/2/fill/storage","value":"int8"}])", Code::kConfig,
       "storage"},
      {R"([{"op":"remove","path":"/model/2/fill/seed"}])", Code::kConfig, "seed"},
      {R"([{"op":"add","path":"/voice/1","value":{"name":"anna"}}])", Code::kConfig, "twice"},
      {R"([{"op":"replace","path":"/default_voice","value":"otto"}])", Code::kConfig, "otto"},
      {R"([{"op":"remove","path":"/voice/0/prompt/text"}])", Code::kConfig, "text"},
      {R"([{"op":"remove","path":"/voice/0/prompt/sha256"}])", Code::kConfig, "sha256"},
  };
  for (const auto& row : rows) {
    write(valid().patch(json::parse(row.patch)));
    try {
      read_pack(folder(), assets());
      ADD_FAILURE() << row.patch;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), row.code) << row.patch << ": " << e.message();
      EXPECT_NE(e.message().find(row.says), std::string::npos) << e.message();
    }
  }
}

TEST_F(Packs, SizeAndHashAreChecked) {
  write(valid());
  const PackSource source = read_pack(folder(), assets()).model("vallex")->source;
  EXPECT_NO_THROW(verify_source(source, "vallex"));
  for (const char* text : {"a.safetensorz", "longer than before"}) {
    write_file_atomic(source.file.string(), text);
    try {
      verify_source(source, "vallex");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kHashDiffers);
    }
  }
}

TEST_F(Packs, VoicesOfTheUserAreWrittenAndReadBack) {
  VoiceFile in{.id = "v_1a2b", .created = "2026-11-24T00:00:00Z"};
  in.voice.name = "mina";
  in.voice.title = "Mina \"the voice\"";
  in.voice.rvc = PackSource{.file = folder() / "a.safetensors", .sha256 = "ab"};
  in.voice.prompt = PackPrompt{.audio = folder() / "voices/v.wav",
                               .text = "One\ttwo.",
                               .lang = "en",
                               .sha256 = sha256_hex("v.wav")};
  write_voice(in, folder());
  const VoiceFile out = read_voice(folder());
  EXPECT_EQ(out.id + out.created + out.voice.name + out.voice.title,
            in.id + in.created + in.voice.name + in.voice.title);
  EXPECT_EQ(out.voice.rvc->file, in.voice.rvc->file);
  EXPECT_EQ(out.voice.prompt->text, in.voice.prompt->text);
  EXPECT_NO_THROW(verify_prompt(*out.voice.prompt, "prompt"));
  in.voice.rvc->file = "/etc/passwd";
  EXPECT_THROW(write_voice(in, folder()), Error);
  EXPECT_THROW(read_voice(assets()), Error);
}

}  // namespace
}  // namespace vl::weights
