#include "vl/text/user_lexicon.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl::text {
namespace {

UserLexicon read(const std::string& text) {
  UserLexicon out;
  out.add_text(text, "own.tsv");
  return out;
}

TEST(UserLexicon, Forms) {
  const UserLexicon l = read(
      "# comment\n\nVoxlip\ten\tmina\tvox lip\nhello\ten\t*\t{HH AH0 L OW1}\n"
      "굳이\t구지\nalpha,/ælfə/\n\"a, b\",ko,*,\"에이 \"\"비\"\"\"\n  tab \t led \n");
  const struct {
    const char *word, *language, *voice, *reading;
    bool ipa, phones;
  } rows[] = {{"Voxlip", "en", "mina", "vox lip", false, false},
              {"hello", "en", "*", "HH AH0 L OW1", false, true},
              {"굳이", "*", "*", "구지", false, false},
              {"alpha", "*", "*", "ælfə", true, false},
              {"a, b", "ko", "*", "에이 \"비\"", false, false},
              {"tab", "*", "*", "led", false, false}};
  ASSERT_EQ(l.entries().size(), std::size(rows));
  for (size_t i = 0; i < std::size(rows); ++i) {
    const LexiconEntry& e = l.entries()[i];
    EXPECT_EQ(e.word, rows[i].word);
    EXPECT_EQ(e.language, rows[i].language) << e.word;
    EXPECT_EQ(e.voice, rows[i].voice) << e.word;
    EXPECT_EQ(e.reading, rows[i].reading) << e.word;
    EXPECT_EQ(e.is_ipa, rows[i].ipa) << e.word;
    EXPECT_EQ(e.is_phones, rows[i].phones) << e.word;
  }
}

TEST(UserLexicon, Errors) {
  const struct {
    const char *text, *what;
    long line;
  } rows[] = {{"a\tb\tc\n", "3 fields, needs 4", 1},
              {"# x\n\nword\n", "1 fields, needs 4", 3},
              {"a\t\n", "1 fields, needs 4", 1},
              {"a,\n", "a field is empty", 1},
              {"a\ten\t\tb\n", "a field is empty", 1},
              {"ok\tok\na\t{HH\n", "the reading opens a brace or slash that it does not close", 2},
              {"a\t/\n", "the reading opens a brace or slash that it does not close", 1},
              {"a\t{}\n", "the reading opens a brace or slash that it does not close", 1}};
  for (const auto& row : rows) try {
      read(row.text);
      FAIL() << row.text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadLexicon) << row.text;
      EXPECT_EQ(e.message(), row.what) << row.text;
      EXPECT_EQ(e.where().file, "own.tsv");
      EXPECT_EQ(e.where().line, row.line) << row.text;
    }
}

TEST(UserLexicon, Files) {
  test::TempDir folder;
  UserLexicon lexicon;
  EXPECT_THROW(lexicon.add_file((folder / "none.tsv").string()), Error);
  std::ofstream(folder / "own.tsv") << "\xEF\xBB\xBFone\ttwo\r\nthree\tfour\r\n";
  lexicon.add_file((folder / "own.tsv").string());
  ASSERT_EQ(lexicon.entries().size(), 2U);
  EXPECT_EQ(lexicon.entries()[0].word, "one");
  EXPECT_EQ(lexicon.entries()[1].reading, "four");
  std::ofstream(folder / "bad.tsv") << "one\t\xff\n";
  try {
    lexicon.add_file((folder / "bad.tsv").string());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kBadText);
  }
}

TEST(UserLexicon, LongestMatchAtWordStarts) {
  const UserLexicon l = read(
      "cat\tone\ncat "
      "flap\ttwo\n서울\tthree\n서울역\tfour\n東京\tfive\nC++\tsix\né\tseven\nCAT\teight\n");
  const struct {
    const char* text;
    size_t at;
    const char* reading;  ///< nullptr: no match
    size_t length;
  } rows[] = {
      {"cat", 0, "eight", 3},       {"Cat flap", 0, "two", 8},   {"cat flaps", 0, "eight", 3},
      {"category", 0, nullptr, 0},  {"a cat.", 2, "eight", 3},   {"tomcat", 3, nullptr, 0},
      {"서울역에서", 0, "four", 9}, {"서울에서", 0, "three", 6}, {"새서울", 3, nullptr, 0},
      {"새 서울", 4, "three", 6},   {"大東京", 3, "five", 6},    {"C++로", 0, "six", 3},
      {"AI서울", 2, "three", 6},    {"서울", 1, nullptr, 0},     {"cat", 3, nullptr, 0},
      {"é!", 0, "seven", 2},        {"éa", 0, nullptr, 0},       {"cat고양이", 0, "eight", 3}};
  for (const auto& row : rows) {
    size_t length = 0;
    const LexiconEntry* e = l.match(row.text, row.at, length);
    ASSERT_EQ(e != nullptr, row.reading != nullptr) << row.text;
    if (e == nullptr) continue;
    EXPECT_EQ(e->reading, row.reading) << row.text;
    EXPECT_EQ(length, row.length) << row.text;
  }
  size_t length = 0;
  EXPECT_EQ(UserLexicon().match("cat", 0, length), nullptr);
}

TEST(UserLexicon, ByLanguageAndVoice) {
  const UserLexicon l = read("a\tx\nb\ten\t*\ty\nc\tko\tmina\tz\n");
  EXPECT_EQ(l.only("en", "mina").entries().size(), 2U);
  EXPECT_EQ(l.only("ko", "mina").entries().size(), 2U);
  EXPECT_EQ(l.only("ko", "jun").entries().size(), 1U);
  EXPECT_EQ(l.only("ko", "").entries().size(), 2U);
}

}  // namespace
}  // namespace vl::text
