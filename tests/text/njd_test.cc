#include "vl/text/njd.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace vl::text::njd {
namespace {

using Rows = std::vector<std::string>;

/// "pron accent/moras chained", words separated by blanks.
std::string summary(const Words& words) {
  std::string out;
  for (const Word& w : words)
    out += (out.empty() ? "" : " ") + w.pron + " " + std::to_string(w.accent) + "/" +
           std::to_string(w.moras) + " " + std::to_string(w.chained);
  return out;
}

std::string after(const Rows& rows, const std::function<void(Words&)>& step) {
  Words words = parse_features(rows);
  step(words);
  return summary(words);
}

TEST(NjdWord, Features) {
  EXPECT_EQ(after({"猫,名詞,一般,*,*,*,*,猫,ネコ,ネコ,1/2,C1"}, [](Words&) {}), "ネコ 1/2 -1");
  EXPECT_EQ(after({"猫,名詞,一般,*,*,*,*,猫,ネコ,ネコ,1/2,C1,1"}, [](Words&) {}), "ネコ 1/2 1");
  EXPECT_EQ(after({"。,記号,句点,*,*,*,*,。,。,。,*/*,*"}, [](Words&) {}), "。 0/0 -1");
  EXPECT_EQ(after({"龘,名詞,一般,*,*,*,*,*"}, [](Words&) {}), "* 0/0 -1");
  const Words parts = parse_features(Rows{
      "青い鳥達,名詞,一般,*,*,*,*,青い:鳥:達,アオイ:トリ:タチ,アオイ:トリ:タチ,2/3:0/2:1/2,C1"});
  EXPECT_EQ(summary(parts), "アオイ 2/3 -1 トリ 0/2 0 タチ 1/2 0");
  EXPECT_EQ(parts.front().surface, "青い");
  EXPECT_EQ(parts.back().surface, "達");
}

TEST(NjdPronunciation, WordsWithoutReading) {
  const struct {
    Rows rows;
    const char* want;
  } cases[] = {
      {{"ミャオ,名詞,一般,*,*,*,*,*"}, "ミャオ 0/2 -1"},
      {{"きゃー,名詞,一般,*,*,*,*,*"}, "キャー 0/2 -1"},
      {{"ｘ,名詞,一般,*,*,*,*,*", "Ａ,名詞,一般,*,*,*,*,*"}, "エックスエー 0/6 -1"},
      {{"ミャ,名詞,一般,*,*,*,*,*", "オ,名詞,一般,*,*,*,*,*"}, "ミャオ 0/2 -1"},
      {{"キゃ,名詞,一般,*,*,*,*,*"}, "キャ 0/2 -1"},
      {{"ヮ,名詞,一般,*,*,*,*,*"}, "、 0/0 -1"},
      {{"龘,名詞,一般,*,*,*,*,*"}, "、 0/0 -1"},
      {{"？,記号,一般,*,*,*,*,？,？,？,*/*,*"}, "？ 0/0 -1"},
      {{"行こ,動詞,自立,*,*,*,未然ウ接続,行く,イコ,イコ,0/2,*",
        "う,助動詞,*,*,*,*,基本形,う,ウ,ウ,1/1,*"},
       "イコ 0/2 -1 ー 1/1 -1"},
      {{"です,助動詞,*,*,*,*,基本形,です,デス,デス’,1/2,*", "？,記号,一般,*,*,*,*,？,？,？,*/*,*"},
       "デス 1/2 -1 ？ 0/0 -1"}};
  for (const auto& c : cases) EXPECT_EQ(after(c.rows, set_pronunciation), c.want);
}

Rows digits(const std::string& ascii, const Rows& more = {}) {
  static const char* const kRows[] = {
      "〇,名詞,数,*,*,*,*,〇,ゼロ,ゼロ,1/2,C3",     "１,名詞,数,*,*,*,*,１,イチ,イチ,2/2,C3",
      "２,名詞,数,*,*,*,*,２,ニ,ニ,1/1,C3",         "３,名詞,数,*,*,*,*,３,サン,サン,0/2,C3",
      "４,名詞,数,*,*,*,*,４,ヨン,ヨン,1/2,C3",     "５,名詞,数,*,*,*,*,５,ゴ,ゴ,1/1,C3",
      "６,名詞,数,*,*,*,*,６,ロク,ロク,2/2,C3",     "７,名詞,数,*,*,*,*,７,ナナ,ナナ,1/2,C3",
      "８,名詞,数,*,*,*,*,８,ハチ,ハチ,2/2,C3",     "９,名詞,数,*,*,*,*,９,キュウ,キュー,1/2,C3",
      "，,名詞,数,*,*,*,*,，,カンマ,カンマ,1/3,C3", "．,名詞,数,*,*,*,*,．,テン,テン,1/2,C3"};
  Rows out;
  for (const char c : ascii) out.emplace_back(kRows[c == ',' ? 10 : c == '.' ? 11 : c - '0']);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

std::string prons(const Rows& rows) {
  Words words = parse_features(rows);
  read_numbers(words);
  std::string out;
  for (const Word& w : words) out += w.pron;
  return out;
}

std::string counter(const std::string& kanji, const std::string& kana) {
  return kanji + ",名詞,接尾,助数詞,*,*,*," + kanji + "," + kana + "," + kana + ",1/2,C3";
}

TEST(NjdNumbers, DigitRows) {
  const struct {
    const char *in, *want;
  } rows[] = {{"7", "ナナ"},
              {"10", "ジュー"},
              {"305", "サンビャクゴ"},
              {"1999", "センキューヒャクキュージューキュー"},
              {"20000", "ニマン"},
              {"100000000", "イチオク"},
              {"10000", "イチマン"},
              {"0120", "ゼロイチニーゼロ"},
              {"1,234", "センニヒャクサンジューヨン"},
              {"12,345,678", "センニヒャクサンジューヨンマンゴセンロッピャクナナジューハチ"},
              {"1,23", "イチカンマニジューサン"},
              {",5", "カンマゴ"},
              {"3.14", "サンテンイチヨン"},
              {"0.5", "レーテンゴ"},
              {"2.25", "ニーテンニーゴー"},
              {"8000", "ハッセン"},
              {"600", "ロッピャク"}};
  for (const auto& row : rows) EXPECT_EQ(prons(digits(row.in)), row.want) << row.in;
  EXPECT_EQ(prons(digits(std::string(72, '1'))).substr(0, 9), "センヒ");
  EXPECT_EQ(prons(digits(std::string(73, '1'))).substr(0, 9), "イチイ");
}

TEST(NjdNumbers, Counters) {
  const std::string day = "日,名詞,接尾,助数詞,*,*,*,日,ニチ,ニチ,1/2,C3";
  const std::string span = "日間,名詞,接尾,助数詞,*,*,*,日間,ニチカン,ニチカン,3/4,C3";
  const struct {
    const char* number;
    std::string counter;
    const char* want;
  } rows[] = {{"3", counter("本", "ホン"), "サンボン"},
              {"1", counter("本", "ホン"), "イッポン"},
              {"10", counter("本", "ホン"), "ジュッポン"},
              {"6", counter("個", "コ"), "ロッコ"},
              {"3", counter("階", "カイ"), "サンガイ"},
              {"4", counter("時", "ジ"), "ヨジ"},
              {"9", counter("月", "ガツ"), "クガツ"},
              {"1", counter("箱", "ハコ"), "ヒトパコ"},
              {"1", counter("人", "ニン"), "ヒトリ"},
              {"2", counter("人", "ニン"), "フタリ"},
              {"12", counter("人", "ニン"), "ジューニニン"},
              {"1", day, "イチニチ"},
              {"8", day, "ヨーカ"},
              {"14", day, "ジューヨッカ"},
              {"20", day, "ハツカ"},
              {"24", day, "ニジューヨッカ"},
              {"14", span, "ジューヨッカカン"},
              {"20", span, "ハツカカン"},
              {"24", span, "ニジューヨッカカン"},
              {"3", span, "ミッカカン"}};
  for (const auto& row : rows)
    EXPECT_EQ(prons(digits(row.number, {row.counter})), row.want) << row.number << row.counter;
}

TEST(NjdAccent, PhrasesByPartsOfSpeech) {
  const struct {
    const char *before, *word;
    int chained;
  } rows[] = {{"名詞,一般,*,*", "名詞,一般,*,*", 1},
              {"形容詞,自立,*,*", "名詞,一般,*,*", 0},
              {"名詞,形容動詞語幹,*,*", "名詞,一般,*,*", 0},
              {"動詞,自立,*,*", "形容詞,自立,*,*", 0},
              {"副詞,一般,*,*", "名詞,一般,*,*", 0},
              {"名詞,副詞可能,*,*", "名詞,一般,*,*", 0},
              {"名詞,一般,*,*", "助詞,格助詞,*,*", 1},
              {"副詞,一般,*,*", "助詞,格助詞,*,*", 1},
              {"助詞,格助詞,*,*", "動詞,自立,*,*", 0},
              {"助動詞,*,*,*", "助動詞,*,*,*", 1},
              {"名詞,接尾,*,*", "名詞,一般,*,*", 0},
              {"動詞,自立,*,*,*,連用形", "動詞,非自立,*,*", 1},
              {"動詞,自立,*,*,*,連用形", "形容詞,非自立,*,*", 1},
              {"動詞,自立,*,*,*,基本形", "形容詞,非自立,*,*", 0},
              {"名詞,サ変接続,*,*", "動詞,非自立,*,*", 0},
              {"名詞,一般,*,*", "形容詞,自立,*,*", 0},
              {"記号,一般,*,*", "助詞,格助詞,*,*", 0},
              {"接頭詞,名詞接続,*,*", "名詞,一般,*,*", 1},
              {"名詞,一般,*,*", "接頭詞,名詞接続,*,*", 0},
              {"名詞,固有名詞,人名,姓", "名詞,固有名詞,人名,名", 0},
              {"名詞,一般,*,*", "名詞,固有名詞,人名,名", 0},
              {"助詞,格助詞,*,*", "名詞,接尾,*,*", 1}};
  for (const auto& row : rows) {
    Words words =
        parse_features(Rows{std::string("あ,") + row.before, std::string("い,") + row.word});
    join_phrases(words);
    EXPECT_EQ(words.back().chained, row.chained) << row.before << " | " << row.word;
  }
}

TEST(NjdAccent, RulesOfJoining) {
  // A word of four moras with accent `before`, joined by one of three moras with accent `own`.
  const struct {
    const char* rule;
    int before, own, want;
  } rows[] = {{"*", 1, 2, 1},
              {"F1", 1, 2, 1},
              {"F2@0", 0, 2, 4},
              {"F2@1", 1, 2, 1},
              {"F3@0", 1, 2, 4},
              {"F3@0", 0, 2, 0},
              {"F4@-1", 2, 2, 3},
              {"F5", 2, 2, 0},
              {"C1", 2, 3, 7},
              {"C2", 2, 3, 5},
              {"C3", 2, 3, 4},
              {"C4", 2, 3, 0},
              {"C5", 2, 3, 2},
              {"P1", 2, 0, 0},
              {"P1", 2, 1, 5},
              {"P2", 2, 0, 5},
              {"P6", 2, 1, 0},
              {"P14", 2, 0, 2},
              {"P14", 2, 1, 5},
              {"動詞%F2@1/名詞%F4@1/C1", 2, 1, 5},
              {"形容詞%F2@1/動詞%F5", 2, 1, 2},
              {"形容詞%F2@1/C2", 2, 1, 5},
              {"F4@-9", 2, 1, 0}};
  for (const auto& row : rows) {
    Words words = parse_features(Rows{
        "あ,名詞,一般,*,*,*,*,あ,アアアア,アアアア," + std::to_string(row.before) + "/4,*",
        "い,助詞,*,*,*,*,*,い,イイイ,イイイ," + std::to_string(row.own) + "/3," + row.rule + ",1"});
    set_accents(words);
    EXPECT_EQ(words.front().accent, row.want) << row.rule;
  }
}

TEST(NjdDevoice, Moras) {
  const struct {
    Rows rows;
    const char* want;
  } cases[] = {
      {{"草,名詞,一般,*,*,*,*,草,クサ,クサ,0/2,C3"}, "ク’サ"},
      {{"草,名詞,一般,*,*,*,*,草,クサ,クサ,1/2,C3"}, "クサ"},
      {{"つくし,名詞,一般,*,*,*,*,つくし,ツクシ,ツクシ,0/3,C3"}, "ツ’クシ"},
      {{"すす,名詞,一般,*,*,*,*,すす,ススム,ススム,0/3,C3"}, "ススム"},
      {{"ひふ,名詞,一般,*,*,*,*,皮膚,ヒフ,ヒフ,0/2,C3"}, "ヒフ"},
      {{"くさ,フィラー,*,*,*,*,*,くさ,クサ,クサ,0/2,*"}, "クサ"},
      {{"です,助動詞,*,*,*,*,基本形,です,デス,デス,1/2,*,1", "ね,助詞,*,*,*,*,*,ね,ネ,ネ,0/1,*,1"},
       "デス’ネ"},
      {{"です,助動詞,*,*,*,*,基本形,です,デス,デス,1/2,*,1", "？,記号,*,*,*,*,*,？,？,？,*/*,*,0"},
       "デス？"},
      {{"し,動詞,自立,*,*,*,連用形,する,シ,シ,0/1,*", "た,助動詞,*,*,*,*,*,た,タ,タ,0/1,*,1"},
       "シ’タ"},
      {{"話,動詞,自立,*,*,*,*,話,ハナ,ハナ,2/2,*", "し,動詞,*,*,*,*,*,し,シ,シ,0/1,*,1",
        "た,助動詞,*,*,*,*,*,た,タ,タ,0/1,*,1"},
       "ハナシ’タ"},
      {{"ク,名詞,*,*,*,*,*,ク,ク？ー,ク？ー,0/1,*"}, "ク？ー"}};
  for (const auto& c : cases) {
    Words words = parse_features(c.rows);
    devoice(words);
    std::string got;
    for (const Word& w : words) got += w.pron;
    EXPECT_EQ(got, c.want);
  }
}

TEST(Njd, NoWordsAtAll) {
  Words words;
  for (const auto step : {set_pronunciation, read_numbers, join_phrases, set_accents, devoice})
    step(words);
  EXPECT_TRUE(words.empty());
}

}  // namespace
}  // namespace vl::text::njd
