#include "vl/dub/consent.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::dub {
namespace {

namespace fs = std::filesystem;

const Date kDay = *parse_date("2026-11-02");
const std::string kHash(64, 'a'), kOther(64, 'b');

template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e;
  }
  return {Code::kInternal, "no error"};
}

class Consents : public testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "c.json") const {
    write_file_atomic((dir_ / name).string(), text);
    return (dir_ / name).string();
  }
  std::string valid(const std::string& more = {}) const {
    return write(R"({"subject":"Mina Kim","date":"2026-11-01","purpose":"demo","scope":["voice"])" +
                 more + "}");
  }
  const fs::path& folder() const { return dir_.path(); }

 private:
  test::TempDir dir_;
};

TEST_F(Consents, AFileIsReadWithItsEvidence) {
  write("signed", "form.pdf");
  const Consent c = read_consent(
      valid(R"(,"expires":"2026-11-02","voice_sha256":")" + kHash + R"(","evidence":"form.pdf")"),
      kDay);
  EXPECT_EQ(c.kind + c.subject + c.date + c.purpose + c.expires,
            "fileMina Kim2026-11-01demo2026-11-02");
  EXPECT_EQ(c.evidence_sha256, sha256_hex("signed"));
  EXPECT_TRUE(c.covers("voice"));
  EXPECT_FALSE(c.covers("face"));
  EXPECT_EQ(consent_record(c).statement, "");
}

#ifdef VL_HAVE_TOML
TEST_F(Consents, TomlDatesNeedNoQuotes) {
  const std::string file = write(
      "subject = \"Mina\"\ndate = 2026-11-01\npurpose = \"demo\"\nscope = [\"voice\", \"face\"]\n",
      "c.toml");
  EXPECT_EQ(read_consent(file, kDay).date, "2026-11-01");
  const Error e = error_of([&] { read_consent(write("subject = \"Mi\n", "b.toml"), kDay); });
  EXPECT_EQ(e.code(), Code::kConsentInvalid);
  EXPECT_EQ(e.where().line, 1);
}
#endif

TEST_F(Consents, TheHashIsOfWhatWasAgreedTo) {
  const Consent a = read_consent(valid(), kDay);
  Consent b = a;
  b.kind = "statement";
  b.files = {kHash};
  b.evidence = "renamed.pdf";
  EXPECT_EQ(a.sha256(), b.sha256());
  b.purpose = "another";
  EXPECT_NE(a.sha256(), b.sha256());
  Consent c = a, d = a;
  c.scope = {"face", "voice"}, d.scope = {"voice", "face"};
  EXPECT_EQ(c.sha256(), d.sha256());
}

TEST_F(Consents, WrongFilesAreErrorsThatSayWhy) {
  const std::string head = R"({"subject":"M","date":"2026-11-01","purpose":"d","scope":)";
  const struct {
    std::string text;
    const char* says;
  } rows[] = {
      {"{", "JSON"},
      {"[]", "JSON"},
      {R"({"date":"2026-11-01","purpose":"d","scope":["voice"]})", "\"subject\" is missing"},
      {R"({"subject":"M","purpose":"d","scope":["voice"]})", "\"date\" is missing"},
      {R"({"subject":"M","date":"2026-11-01","scope":["voice"]})", "\"purpose\" is missing"},
      {R"({"subject":"M","date":"2026-11-01","purpose":"d"})", "\"scope\" is missing"},
      {head + R"([]})", "\"scope\" is missing"},
      {head + R"("voice"})", "\"scope\" has the wrong type"},
      {head + R"(["hands"]})", "hands"},
      {head + R"(["voice"],"expire":"2027-01-01"})", "did you mean \"expires\""},
      {head + R"(["voice"],"evidence_sha256":"00"})", "unknown key"},
      {head + R"(["voice"],"expires":"2026-10-31"})", "before its date"},
      {head + R"(["voice"],"expires":"2026-11-01"})", "consent expired 2026-11-01"},
      {head + R"(["voice"],"expires":"soon"})", "soon"},
      {head + R"(["voice"],"voice_sha256":"abc"})", "voice_sha256"},
      {head + R"(["voice"],"evidence":"absent.pdf"})", "absent.pdf"},
      {R"({"subject":"M","date":"2026-02-30","purpose":"d","scope":["voice"]})", "2026-02-30"},
      {R"({"subject":"M","date":"2026-11-04","purpose":"d","scope":["voice"]})", "ahead"},
  };
  for (const auto& row : rows) {
    const Error e = error_of([&] { read_consent(write(row.text), kDay); });
    EXPECT_EQ(e.code(), Code::kConsentInvalid) << row.text << e.message();
    EXPECT_NE(e.message().find(row.says), std::string::npos) << e.message();
    EXPECT_FALSE(e.where().file.empty());
  }
  EXPECT_EQ(error_of([&] { read_consent("/nowhere.toml", kDay); }).code(), Code::kNotFound);
}

TEST_F(Consents, StatementsHaveNameDateAndPurpose) {
  const Consent c = parse_consent(" Kim, Mina ,2026-11-02, a demo, twice ", kDay);
  EXPECT_EQ(c.subject + "|" + c.date + "|" + c.purpose, "Kim, Mina|2026-11-02|a demo, twice");
  EXPECT_EQ(consent_record(c).statement, "Kim, Mina, 2026-11-02, a demo, twice");
  EXPECT_EQ(consent_record(c).kind, "statement");
  for (const char* text :
       {"", "yes", "Mina, today, demo", "Mina, 2026-11-02", "Mina, 2026-11-02, ",
        ", 2026-11-02, demo", "Mina, 2026-11-31, demo", "Mina, 2027-01-01, demo"})
    EXPECT_EQ(error_of([&] { parse_consent(text, kDay); }).code(), Code::kConsentInvalid) << text;
}

TEST_F(Consents, TheRecordMustBeOfThisVoice) {
  const std::string face =
      write(R"({"subject":"M","date":"2026-11-01","purpose":"d","scope":["face"]})", "face.json");
  const std::string bound = valid(",\"voice_sha256\":\"" + kHash + "\"");
  const ConsentOptions both{.consent = {face, bound}, .i_have_consent = ""};
  EXPECT_FALSE(voice_consent({}, {kHash}, kDay).has_value());
  EXPECT_FALSE(voice_consent({.consent = {face}, .i_have_consent = ""}, {kHash}, kDay).has_value());
  EXPECT_TRUE(voice_consent(both, {kOther, kHash}, kDay).has_value());
  EXPECT_EQ(error_of([&] { voice_consent(both, {kOther}, kDay); }).code(), Code::kConsentForeign);
  const ConsentOptions words{.consent = {}, .i_have_consent = "Mina, 2026-11-02, demo"};
  EXPECT_EQ(voice_consent(words, {kOther}, kDay)->voice_sha256, kOther);
  const ConsentOptions two{.consent = {face}, .i_have_consent = "Mina, 2026-11-02, demo"};
  EXPECT_EQ(error_of([&] { voice_consent(two, {kHash}, kDay); }).code(), Code::kExclusiveFlags);
}

TEST_F(Consents, WhatTheResultSays) {
  const std::string face =
      write(R"({"subject":"M","date":"2026-11-01","purpose":"d","scope":["face"]})", "face.json");
  const ConsentOptions none, words{.consent = {}, .i_have_consent = "Mina, 2026-11-02, demo"},
      seen{.consent = {face}, .i_have_consent = ""},
      foreign{.consent = {valid(",\"voice_sha256\":\"" + kHash + "\"")}, .i_have_consent = ""};
  weights::PackVoice pack;
  EXPECT_EQ(job_consent(none, nullptr, {kOther}, kDay).kind, "none");
  EXPECT_EQ(job_consent(words, nullptr, {kOther}, kDay).kind, "statement");
  EXPECT_EQ(job_consent(words, &pack, {}, kDay).kind, "pack");
  const ConsentRecord r = job_consent(seen, nullptr, {kOther}, kDay);
  EXPECT_EQ(r.kind + r.voice, "none");
  EXPECT_EQ(r.face, read_consent(face, kDay).sha256());
  EXPECT_EQ(error_of([&] { job_consent(foreign, nullptr, {kOther}, kDay); }).code(),
            Code::kConsentForeign);
  EXPECT_EQ(error_of([&] { job_consent(foreign, &pack, {}, kDay); }).code(), Code::kConsentForeign);
}

TEST_F(Consents, AStoredRecordIsCheckedWhereverItsVoiceIsUsed) {
  Consent c = read_consent(valid(R"(,"expires":"2026-11-05")"), kDay);
  weights::PackVoice voice;
  voice.name = "mina";
  EXPECT_NO_THROW(check_voice_consent(voice, kDay));  // of a pack
  EXPECT_EQ(consent_record(voice).kind, "pack");
  voice.folder = folder() / "mina";
  voice.rvc = weights::PackSource{.file = "rvc.safetensors", .sha256 = kHash};
  fs::create_directories(voice.folder);
  const auto code = [&](const char* day) {
    return error_of([&] { check_voice_consent(voice, *parse_date(day)); }).code();
  };
  EXPECT_EQ(code("2026-11-02"), Code::kNoConsent);
  c.files = {kHash};
  c.evidence = "form.pdf", c.evidence_sha256 = kOther;
  write_consent(c, voice.folder);
  EXPECT_EQ(code("2026-11-05"), Code::kInternal);  // no error
  EXPECT_EQ(code("2026-11-06"), Code::kConsentInvalid);
  EXPECT_EQ(consent_record(voice).voice, c.sha256());
  c.files = {kOther};
  write_consent(c, voice.folder);
  EXPECT_EQ(code("2026-11-02"), Code::kConsentForeign);
  for (const char* ending : {"toml", "json"})
    if (fs::exists(voice.folder / (std::string("consent.") + ending)))
      write_file_atomic((voice.folder / (std::string("consent.") + ending)).string(), "= =");
  EXPECT_EQ(code("2026-11-02"), Code::kConsentInvalid);
}

}  // namespace
}  // namespace vl::dub
