#include "vl/dub/voice_store.h"

#include <gtest/gtest.h>

#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/model_set.h"
#include "vl/dub/voice_list.h"

namespace vl::dub {
namespace {

namespace fs = std::filesystem;

using test::code_of;

class Voices : public testing::Test {
 protected:
  /// A voice with a conversion model that nobody reads.
  void make(const std::string& name, const std::string& id, bool overwrite = false,
            const std::string& expires = {}) const {
    NewVoice folder(store().folder(), name);
    weights::VoiceFile file{.id = id, .created = "2026-11-02T09:00:00Z"};
    file.voice.name = name;
    const fs::path model = folder.path() / "rvc.safetensors";
    write_file_atomic(model.string(), name);
    file.voice.rvc = weights::PackSource{.file = model, .sha256 = sha256_hex(name), .bytes = 4};
    weights::write_voice(file, folder.path());
    Consent c;
    c.subject = "Mina", c.date = "2020-01-01", c.purpose = "demo", c.scope = {"voice"};
    c.expires = expires;
    c.files = {sha256_hex(name)};
    write_consent(c, folder.path());
    folder.commit(overwrite);
  }
  VoiceStore store() const { return VoiceStore(dir_ / "voices"); }
  FileDigests digests() const { return FileDigests(dir_ / "cache"); }
  ModelPlaces places() const {
    return {.models_dir = dir_ / "models",
            .cache_dir = dir_ / "cache",
            .packs_dir = test::source("packs"),
            .assets_dir = test::source("assets"),
            .pack = {},
            .chosen = {},
            .reference = false,
            .voices_dir = dir_ / "voices"};
  }
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(store().folder()), {}));
  }

 private:
  test::TempDir dir_;
};

TEST_F(Voices, AFolderAppearsWholeOrNotAtAll) {
  { const NewVoice dropped(store().folder(), "mina"); }
  EXPECT_EQ(entries(), 0U);
  make("mina", "v_1111");
  EXPECT_EQ(store().read("mina").id, "v_1111");
  EXPECT_EQ(code_of([&] { make("mina", "v_2222"); }), Code::kOutputExists);
  EXPECT_EQ(store().read("mina").id, "v_1111");
  make("mina", "v_2222", /*overwrite=*/true);
  EXPECT_EQ(store().read("mina").id, "v_2222");
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(code_of([] { NewVoice("/proc/voices", "x"); }), Code::kNotWritable);
}

TEST_F(Voices, NamesAreWordsAndNoPaths) {
  for (const char* name : {"mina", "Mina-2.b_c", "9"}) EXPECT_NO_THROW(check_voice_name(name));
  for (const char* name :
       {"", "../mina", "a/b", ".mina", "-x", "mi na", "pack:lj", "source", "\xed\x95\x9c", "a\nb"})
    EXPECT_EQ(code_of([&] { check_voice_name(name); }), Code::kBadValue) << name;
  EXPECT_FALSE(store().exists("../voices/mina"));
}

TEST_F(Voices, IdsGrowUntilTheyAreUnique) {
  const std::string hash = "abcdef0123456789";
  EXPECT_EQ(store().new_id(hash, "mina"), "v_abcd");
  make("mina", "v_abcd");
  make("anna", "v_abcde");
  EXPECT_EQ(store().new_id(hash, "otto"), "v_abcdef");
  EXPECT_EQ(store().new_id(hash, "mina"), "v_abcd");  // its own
}

TEST_F(Voices, ListedAndRemoved) {
  make("mina", "v_1111");
  fs::create_directories(store().folder() / "broken");
  fs::create_directories(store().path_of("mina") / "codes");
  write_file_atomic((store().path_of("mina") / "codes" / "ab.safetensors").string(), "x");
  digests().of(store().path_of("mina") / "rvc.safetensors");
  EXPECT_EQ(store().names(), (std::vector<std::string>{"broken", "mina"}));
  EXPECT_EQ(store().list().size(), 1U);
  EXPECT_EQ(store().remove("mina", digests()), 2);
  EXPECT_EQ(store().remove("broken", digests()), 0);
  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(code_of([&] { store().remove("mina", digests()); }), Code::kUnknownVoice);
  EXPECT_EQ(code_of([&] { store().remove("..", digests()); }), Code::kUnknownVoice);
}

TEST_F(Voices, ARegisteredVoiceComesBeforeThatOfThePack) {
  make("lj", "v_1111");
  const ModelSet models(places());
  EXPECT_EQ(models.voice("lj").folder, store().path_of("lj"));
  EXPECT_TRUE(models.voice("pack:lj").folder.empty());
  EXPECT_TRUE(models.voice("").folder.empty());
  for (const char* name : {"jl", "pack:jl", "../lj"})
    EXPECT_EQ(code_of([&] { models.voice(name); }), Code::kUnknownVoice) << name;
  const auto json = list_voices(models.voices(), models.pack());
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["name"], "lj");
  EXPECT_EQ(json[0]["id"], "v_1111");
  EXPECT_EQ(json[0]["usable_for"], nlohmann::json({"dub", "convert", "speak"}));
  EXPECT_EQ(json[1]["name"], "pack:lj");
  EXPECT_TRUE(json[1]["id"].is_null());
  EXPECT_EQ(json[1]["consent"]["kind"], "pack");
  EXPECT_EQ(code_of([&] { remove_voice(store(), models.pack(), "pack:lj", digests()); }),
            Code::kBadValue);
  EXPECT_EQ(remove_voice(store(), models.pack(), "lj", digests())["removed"], "lj");
  EXPECT_EQ(code_of([&] { remove_voice(store(), models.pack(), "lj", digests()); }),
            Code::kBadValue);
}

TEST_F(Voices, AnExpiredConsentEndsTheUseOfAVoice) {
  make("mina", "v_1111", false, "2020-12-31");
  const ModelSet models(places());
  EXPECT_EQ(code_of([&] { models.voice("mina"); }), Code::kConsentInvalid);
  EXPECT_EQ(list_voices(models.voices(), models.pack())[0]["consent"]["kind"], "file");
}

}  // namespace
}  // namespace vl::dub
