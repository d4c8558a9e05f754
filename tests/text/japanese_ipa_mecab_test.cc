#include "vl/text/japanese_ipa.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"

namespace vl::text {
namespace {

const JapaneseFrontEnd& front_end() {
  static const JapaneseFrontEnd loaded;
  return loaded;
}

struct Row {
  std::string text, phonemes;
};

std::vector<Row> rows_of(const std::string& file) {
  std::ifstream in(test::data(file));
  std::vector<Row> out;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const size_t a = line.find('\t'), b = line.find('\t', a + 1);
    if (a != std::string::npos) out.push_back({line.substr(0, a), line.substr(a + 1, b - a - 1)});
  }
  return out;
}

TEST(JapaneseIpa, EveryRowOfTheParityTable) {
  const std::vector<Row> rows = rows_of("parity/vallex/text_ja.tsv");
  EXPECT_EQ(rows.size(), 15U);
  for (const Row& row : rows) {
    const std::string got = front_end().ipa(row.text);
    EXPECT_TRUE(got == row.phonemes || got + "." == row.phonemes) << row.text << " " << got;
  }
}

TEST(JapaneseIpa, EveryRowOfTheReferenceTable) {
  const std::vector<Row> rows = rows_of("text/japanese_ipa.tsv");
  EXPECT_GE(rows.size(), 300U);
  for (const Row& row : rows) EXPECT_EQ(front_end().ipa(row.text), row.phonemes) << row.text;
}

TEST(JapaneseIpa, SegmentsOfMixedText) {
  EXPECT_EQ(front_end().ipa("こんにちは"), "ko↑nn^itʃiwa");
  EXPECT_EQ(front_end().ipa("寿司が好きです。"), "sɯ↑ʃi↓ga sɯ*↑ki↓desɯ*.");
}

TEST(JapaneseIpa, OddText) {
  const struct {
    const char *text, *phonemes;
  } rows[] = {
      {"", ""},     {"   ", ""}, {"\t\n\r", ""},    {"。、！？", ".,!?"},
      {"...", "…"}, {"😀", ""},   {"😀猫😀", "ne↓ko"}, {"猫\x01\x7f犬", "ne↓ko i↑nɯ"},
      {"龘", ""},   {"ー", ""},  {"ﾟﾞ", ";:"},      {"Ω猫 cat 猫", "O ne↓ko ʃi↑ieetii ne↓ko"}};
  for (const auto& row : rows) EXPECT_EQ(front_end().ipa(row.text), row.phonemes) << row.text;
}

TEST(JapaneseIpa, NotUtf8) {
  for (const char* text : {"猫\xff", "\xe7\x8c", "\xc0\x80"}) try {
      front_end().ipa(text);
      FAIL() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadText);
    }
}

TEST(JapaneseIpa, LongTextEndsSoon) {
  const struct {
    const char* piece;
    bool spoken;
  } rows[] = {{"あ", true},   {"1", true},  {"ー", false},      {"ｱ", true},  {"龘", false},
              {"12人", true}, {"千", true}, {"二十四日", true}, {"。", true}, {"Ａ", true}};
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& row : rows) {
    std::string text;
    for (size_t i = 0; i < 100000; i += decode_utf8(row.piece).size()) text += row.piece;
    EXPECT_EQ(front_end().ipa(text).empty(), !row.spoken) << row.piece;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(120));
}

TEST(JapaneseIpa, ThreadsShareOneDictionary) {
  const std::string text = "今日はいい天気ですね。", alone = front_end().ipa(text);
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results)
    threads.emplace_back([&result, &text] {
      for (int i = 0; i < 50; ++i) result = front_end().ipa(text);
    });
  for (std::thread& t : threads) t.join();
  for (const std::string& result : results) EXPECT_EQ(result, alone);
}

TEST(JapaneseDictionary, MissingOrBroken) {
  try {
    JapaneseDictionary("/nowhere/dic");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotFound);
    EXPECT_FALSE(e.hints().empty());
  }
  const test::TempDir dir;
  for (const char* file : {"char.bin", "matrix.bin", "sys.dic", "unk.dic"})
    std::ofstream(dir / file) << "not a dictionary";
  try {
    JapaneseDictionary(dir.path().string());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kBadLexicon);
  }
}

TEST(JapaneseDictionary, NoTemporaryFolder) {
  const char* const set = std::getenv("TMPDIR");
  const std::string before = set == nullptr ? "" : set;
  setenv("TMPDIR", "/nowhere", 1);
  try {
    JapaneseDictionary{kJapaneseDictionary};
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotWritable);
  }
  set == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", before.c_str(), 1);
}

TEST(JapaneseDictionary, WordsAndFeatures) {
  const std::vector<std::string> words = JapaneseDictionary(kJapaneseDictionary).words("猫が");
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0], "猫,名詞,一般,*,*,*,*,猫,ネコ,ネコ,1/2,C3");
  EXPECT_TRUE(JapaneseDictionary(kJapaneseDictionary).words("").empty());
}

TEST(JapaneseDictionary, LongTextIsCutBetweenCharacters) {
  for (const char* head : {"", "a", "ab"}) {
    std::string text = head, joined;
    for (int i = 0; i < 6000; ++i) text += i % 2 == 0 ? "猫" : "が";
    for (const std::string& word : JapaneseDictionary(kJapaneseDictionary).words(text)) {
      joined += word.substr(0, word.find(','));
      EXPECT_NO_THROW(decode_utf8(word));
    }
    EXPECT_EQ(joined, text);
  }
}

}  // namespace
}  // namespace vl::text
