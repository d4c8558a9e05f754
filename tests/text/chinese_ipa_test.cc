#include "vl/text/chinese_ipa.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/text/bopomofo_ipa.h"
#include "vl/text/numbers_zh.h"

namespace vl::text {
namespace {

std::string tables() { return test::source("assets/text/zh").string(); }

const ChineseFrontEnd& front_end() {
  static const ChineseFrontEnd loaded(tables());
  return loaded;
}

/// The first two columns of a table with one title line.
std::vector<std::pair<std::string, std::string>> rows_of(const std::string& name) {
  std::ifstream in(test::data("parity/vallex/" + name));
  std::vector<std::pair<std::string, std::string>> out;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const size_t a = line.find('\t');
    out.emplace_back(line.substr(0, a), line.substr(a + 1, line.find('\t', a + 1) - a - 1));
  }
  return out;
}

/// The end mark that the tokenizer adds.
std::string closed(const std::string& symbols) {
  for (const char* mark : {".", ",", "!", "?", "-", "…", "~"})
    if (symbols.ends_with(mark)) return symbols;
  return symbols + ".";
}

TEST(ChineseIpa, EveryRowOfTheParityTable) {
  const auto rows = rows_of("text_zh.tsv");
  EXPECT_EQ(rows.size(), 15U);
  for (const auto& [text, symbols] : rows)
    EXPECT_EQ(closed(front_end().ipa(text)), symbols) << text;
}

TEST(ChineseIpa, EveryRowOfThePublicCleaner) {
  const auto rows = rows_of("zh_cases.tsv");
  EXPECT_GE(rows.size(), 300U);
  for (const auto& [text, symbols] : rows) EXPECT_EQ(front_end().ipa(text), symbols) << text;
}

TEST(ChineseIpa, ChinesePartsOfMixedText) {
  const struct {
    const char *in, *out;
  } rows[] = {{"你好", "ni↓↑xɑʊ↓↑."},
              {"请问", "tʃʰiŋ↓↑wən↓."},
              {"我用Python写代码。", "wo↓↑jʊŋ↓pʰi→waɪ↓tʰi↓ɛ↓↑tʃʰɥ↓oʊ→ən→ ʃiɛ↓↑ t⁼aɪ↓ma↓↑."}};
  for (const auto& row : rows) EXPECT_EQ(closed(front_end().ipa(row.in)), row.out) << row.in;
}

TEST(JiebaCut, Words) {
  const JiebaCut jieba(tables());
  const struct {
    const char *in, *out;
  } rows[] = {{"", ""},
              {"我来到北京清华大学", "我/来到/北京/清华大学"},
              {"他来到了网易杭研大厦", "他/来到/了/网易/杭研/大厦"},
              {"小明硕士毕业于中国科学院计算所", "小明/硕士/毕业/于/中国科学院/计算所"},
              {"B超和T恤", "B超/和/T恤"},
              {"韩玉赏鉴", "韩玉/赏鉴"},
              {"〇五", "〇/五"},
              {"你好，world！", "你好/，/world/！"}};
  for (const auto& row : rows) {
    const Utf8Text text(row.in);
    std::string words;
    size_t begin = 0;
    for (const size_t end : jieba.cut(text)) {
      if (!words.empty()) words += '/';
      words += text.slice(begin, end);
      begin = end;
    }
    EXPECT_EQ(begin, text.size());
    EXPECT_EQ(words, row.out);
  }
}

TEST(Pinyin, PhrasesAndSingleCharacters) {
  const Pinyin pinyin(tables());
  const struct {
    const char *in, *out;
  } rows[] = {{"", ""},
              {"银行", "ㄧㄣˊㄏㄤˊ"},
              {"行", "ㄒㄧㄥˊ"},
              {"朝阳", "ㄓㄠˉㄧㄤˊ"},  // the first of two readings of the phrase
              {"女儿", "ㄋㄩˇㄦˊ"},
              {"的", "ㄉㄜ˙"},
              {"呣", "ㄇㄨˊ"},
              {"卡拉OK", "ㄎㄚˇㄌㄚˉOK"},
              {"得心应手", "ㄉㄜˊㄒㄧㄣˉㄧㄥˋㄕㄡˇ"},
              {"鿋", "鿋"}};
  for (const auto& row : rows) EXPECT_EQ(pinyin.bopomofo(row.in), row.out) << row.in;
}

TEST(NumbersZh, Expansion) {
  const struct {
    const char *in, *out;
  } rows[] = {{"0", "零"},
              {"000", "零"},
              {"007", "七"},
              {"10", "十"},
              {"12", "十二"},
              {"112", "一百一十二"},
              {"1010", "一千零一十"},
              {"101000", "十万一千"},
              {"100100", "十万零一百"},
              {"100000000", "一亿"},
              {"100001000", "一亿一千"},
              {"1000000000000", "一万亿"},
              {"1234567890123456", "一千二百三十四万五千六百七十八亿九千零一十二万三千四百五十六"},
              {"12345678901234567", "一二三四五六七八九零一二三四五六七"},
              {"3.14", "三点一四"},
              {"0.12345678901234567", "零点一二三四五六七八九零一二三四五六"},
              {"1.2.3", "一点二.三"},
              {"5.", "五."},
              {"-1,234", "-一,二百三十四"},
              {"１２.５", "十二点五"},
              {"３．５", "三．五"}};
  for (const auto& row : rows) EXPECT_EQ(chinese_numbers(row.in), row.out) << row.in;
}

TEST(BopomofoIpa, LettersAndRules) {
  const struct {
    const char *in, *out;
  } rows[] = {{"aZ", "eɪ→ts⁼eɪ↓"},   {"\u212A", "kʰeɪ↓"},  // Kelvin sign
              {"ㄧㄢㄨㄥ", "jɛnʊŋ"}, {"ㄕˋㄕ", "s`ɹ`↓s`ɹ`"}, {"ㄗˇ", "ts⁼ɹ↓↑"}, {"ㄙ\n", "sɹ\n"},
              {"ㄙ\n\n", "s\n\n"},   {"ㄧㄚㄨㄜ", "jawə"},   {"ㄦ˙", "əɹ`"}};
  for (const auto& row : rows)
    EXPECT_EQ(bopomofo_to_ipa(latin_to_bopomofo(row.in)), row.out) << row.in;
}

TEST(ChineseIpa, UnusualText) {
  const struct {
    std::string in, out;
  } rows[] = {{"", ""},
              {"   ", "   "},
              {"。！？", ".!?"},
              {"😀", "😀"},
              {"你\t好", "ni↓↑\t xɑʊ↓↑"},
              {std::string("\0\x01", 2), std::string("\0\x01", 2)},
              {"\r\n", "\r\n"},
              {"こ좋И你", "こ좋И ni↓↑"}};
  for (const auto& row : rows) EXPECT_EQ(front_end().ipa(row.in), row.out);
}

TEST(ChineseIpa, LongText) {
  for (const std::string piece : {"你", "好", "一", "龘", "〇", "a", "s", "1", "0", "。", " ", "1.",
                                  "得心", "😀", "ㄧ", "B超"}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += piece;
    EXPECT_FALSE(front_end().ipa(text).empty()) << piece;
  }
}

TEST(ChineseIpa, TextThatIsNotUtf8) {
  for (const char* text : {"\xff", "你\xe4\xbd", "\xed\xa0\x80", "\xc0\x80"}) try {
      front_end().ipa(text);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadText);
    }
}

TEST(ChineseIpa, ThreadsShareOneFrontEnd) {
  const std::string text = "他来到了网易杭研大厦，银行行长有3个。", once = front_end().ipa(text);
  std::vector<std::string> got(4);
  std::vector<std::thread> threads;
  for (std::string& out : got) threads.emplace_back([&] { out = front_end().ipa(text); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(got, std::vector<std::string>(4, once));
}

TEST(ChineseTables, DamageIsNamed) {
  const struct {
    const char *content, *message;
  } rows[] = {{"", "begin"},
              {"#words 1 3\n\xe4\xbd\xa0\t3\n", "begin"},
              {"#hmm\n", "begin"},
              {"#hmm x\n", "number of rows"},
              {"#hmm 0\n", "number of rows"},
              {"#hmm 99999999999999999999\n", "number of rows"},
              {"#hmm 2\na\t-\n", "number of rows differs"},
              {"#hmm 2\nb\t-\na\t-\n", "out of order"},
              {"#hmm 1\na\n", "no key and value"},
              {"#hmm 1\n\t-\n", "no key and value"},
              {"#hmm 1\na\t- - -", "cut off"},
              {"#hmm 1\n\xe4\xbd\t-\n", "not UTF-8"}};
  const test::TempDir folder;
  const std::string path = (folder / "hmm.txt").string();
  EXPECT_THROW(SortedRows(path, "hmm"), Error);
  for (const auto& row : rows) try {
      write_file_atomic(path, row.content);
      SortedRows(path, "hmm");
      FAIL() << row.content;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadLexicon) << row.content;
      EXPECT_NE(e.message().find(row.message), std::string::npos) << e.message();
    }
}

TEST(ChineseTables, AbsentOrWithUselessValues) {
  try {
    ChineseFrontEnd("/nowhere");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotFound);
  }
  const test::TempDir folder;
  for (const char* value : {"", "x", "- - -", "- - - - -", "- - - 1x"}) {
    write_file_atomic((folder / "hmm.txt").string(), "#hmm 1\n好\t" + std::string(value) + "\n");
    std::vector<size_t> ends;
    EXPECT_THROW(JiebaHmm((folder / "hmm.txt").string()).cut(Utf8Text("好"), 0, 1, ends), Error)
        << value;
  }
  for (const char* total : {"", " 0", " x"}) {
    write_file_atomic((folder / "words.txt").string(),
                      "#words 1" + std::string(total) + "\n好\t5\n");
    write_file_atomic((folder / "hmm.txt").string(), "#hmm 1\n好\t- - - -1\n");
    EXPECT_THROW(JiebaCut(folder.path().string()), Error) << total;
  }
}

}  // namespace
}  // namespace vl::text
