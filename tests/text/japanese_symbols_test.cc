#include "vl/text/japanese_symbols.h"

#include <gtest/gtest.h>

#include "vl/text/ascii_fold.h"
#include "vl/text/japanese_marks.h"
#include "vl/text/japanese_mora.h"

namespace vl::text {
namespace {

/// One word a row: pron, accent, chained.
njd::Words spoken(const std::vector<std::tuple<const char*, int, int>>& rows) {
  njd::Words out;
  for (const auto& [pron, accent, chained] : rows) {
    njd::Word word;
    word.pron = pron;
    word.accent = accent;
    word.chained = chained;
    out.push_back(word);
  }
  return out;
}

TEST(JapaneseLabels, PhonemesAndAccentFields) {
  const struct {
    std::vector<std::tuple<const char*, int, int>> words;
    const char* want;
  } rows[] = {
      {{{"ネコ", 1, -1}}, "n0/1/2 e0/1/2 k1/2/1 o1/2/1"},
      {{{"ハナ", 0, -1}, {"ガ", 0, 1}}, "h-2/1/3 a-2/1/3 n-1/2/2 a-1/2/2 g0/3/1 a0/3/1"},
      {{{"キュー", 1, -1}}, "ky0/1/2 u0/1/2 u1/2/1"},
      {{{"ス’キ", 2, -1}}, "s-1/1/2 U-1/1/2 k0/2/1 i0/2/1"},
      {{{"エッ", 1, -1}, {"ン", 1, 0}}, "e0/1/2 cl1/2/1 N0/1/1"},
      {{{"、", 0, -1}, {"エ", 1, 0}, {"、", 0, 0}, {"、", 0, 0}, {"オ", 1, 0}, {"、", 0, 0}},
       "e0/1/1 pau0/0/0 o0/1/1"},
      {{{"ー", 0, -1}, {"エ", 1, 0}, {"ー", 0, 0}, {"、", 0, 0}, {"ーオ", 1, 0}},
       "e0/1/2 e1/2/1 pau0/0/0 o0/1/1"},
      {{{"’エ’", 1, -1}}, "E0/1/1"},
      {{{"ン’", 1, -1}}, "N0/1/1"},
      {{{"ア?オ", 1, -1}, {"イ", 1, 0}}, "a0/1/1 i0/1/1"},
      {{{"クヮ", 1, -1}}, "kw0/1/1 a0/1/1"}};
  for (const auto& row : rows) {
    std::string got;
    for (const JapaneseLabel& l : make_labels(spoken(row.words)))
      got += (got.empty() ? "" : " ") + l.phoneme + std::to_string(l.a1) + "/" +
             std::to_string(l.a2) + "/" + std::to_string(l.a3);
    EXPECT_EQ(got, row.want);
  }
}

TEST(JapaneseLabels, FieldsEndAt49) {
  std::string pron;
  for (int i = 0; i < 60; ++i) pron += "ア";
  const auto labels = make_labels(spoken({{pron.c_str(), 0, -1}}));
  ASSERT_EQ(labels.size(), 60U);
  EXPECT_EQ(labels.front().a1, -49);
  EXPECT_EQ(labels.front().a3, 49);
  EXPECT_EQ(labels.back().a2, 49);
}

TEST(JapaneseSymbols, AccentMarks) {
  const struct {
    std::vector<std::tuple<const char*, int, int>> words;
    const char* want;
  } rows[] = {{{{"ネコ", 1, -1}, {"ガ", 0, 1}}, "ne↓koga"},
              {{{"ココロ", 2, -1}}, "ko↑ko↓ro"},
              {{{"ハナ", 0, -1}, {"ハナ", 2, 0}, {"ガ", 0, 1}}, "ha↑na ha↑na↓ga"},
              {{{"エ", 1, -1}, {"ト", 1, 0}}, "e t o"},
              {{{"シャッチ", 0, -1}}, "ʃa↑Qʧi"},
              {{{"エ", 1, -1}, {"、", 0, 0}, {"オ", 1, 0}}, "eo"}};
  for (const auto& row : rows) EXPECT_EQ(mark_accents(make_labels(spoken(row.words))), row.want);
}

TEST(JapaneseSymbols, AssimilationAndLetters) {
  const struct {
    const char *in, *want;
  } rows[] = {{"gaQkoo", "gak#koo"},  {"kiQ↓te", "kit#↓te"},   {"maQʧi", "mat#tʃi"},
              {"zaQʃi", "zasʃi"},     {"iQpai", "ip#pai"},     {"aQ", "aQ"},
              {"QQk", "Qk#k"},        {"saNpo", "sampo"},      {"haN↑ʧoo", "han^↑tʃoo"},
              {"kaNji", "kan^dʑi"},   {"haNtai", "hantai"},    {"giNgoo", "giŋgoo"},
              {"hoNo", "hoNo"},       {"NNʧ", "nn^tʃ"},        {"kyuu", "kjɯɯ"},
              {"nihoN", "n^ihoN"},    {"nyaa", "n^aa"},        {"hikari", "çikaɾi"},
              {"hyaku", "çakɯ"},      {"fujisaN", "ɸɯdʑisaN"}, {"sUki", "sɯ*ki"},
              {"kIta", "ki*ta"},      {"nI", "ni*"},           {"ryokoo", "ɾjokoo"},
              {"tsunami", "tsɯnami"}, {"a...b", "a…b"},        {"a....", "a…."},
              {"Q↑↓↑t", "t#↑↓↑t"}};
  for (const auto& row : rows) EXPECT_EQ(romaji_to_symbols(row.in), row.want) << row.in;
}

TEST(JapaneseMarks, JapaneseOrMark) {
  for (const char* text :
       {"あ", "ん", "ー", "・", "ア", "漢", "々", "A", "z", "0", "９", "Ａ", "ｱ", "ﾝ", "٣", "𝟗"})
    EXPECT_TRUE(is_japanese(decode_utf8(text)[0])) << text;
  for (const char* text : {"。", "〇", "!", " ", "ﾞ", "％", "é", "😀", "〆", "가", "\x7f"})
    EXPECT_FALSE(is_japanese(decode_utf8(text)[0])) << text;
}

TEST(JapaneseMarks, Folding) {
  const struct {
    const char *mark, *want;
  } rows[] = {{"。", "."}, {"、", ","},   {"！", "!"},     {"？", "?"},   {"「", "["},
              {"』", "}"}, {"【", "[("},  {"〜", "~"},     {"～", "~"},   {"…", "..."},
              {"―", "--"}, {"　", ""},    {" ", ""},       {"（", "("},   {"￥", "Y="},
              {"※", "*"},  {"→", "-"},    {"↑", "|"},      {"■", "#"},    {"○", "*"},
              {"〇", "0"}, {"♪", ""},     {"♡", "hearts"}, {"α", "a"},    {"Ω", "O"},
              {"ψ", "ps"}, {"Щ", "Shch"}, {"я", "ia"},     {"℃", "degC"}, {"㎏", "kg"},
              {"①", "1"},  {"Ⅷ", "VIII"}, {"é", "e"},      {"⅔", "2/3"},  {"⅞", "7/8"},
              {"≧", ">="}, {"％", "%"},   {"\"", "\""},    {"\t", ""},    {"😀", ""},
              {"｡", "."},  {"ﾞ", ":"},    {"─", "-"},      {"╋", "+"},    {"﹄", "}"}};
  for (const auto& row : rows) EXPECT_EQ(fold_mark(decode_utf8(row.mark)[0]), row.want) << row.mark;
}

TEST(JapaneseMarks, FullWidth) {
  const struct {
    const char *in, *want;
  } rows[] = {{"A", "Ａ"}, {"z", "ｚ"}, {"0", "０"}, {"ｱ", "ア"},  {"ｰ", "ー"},
              {"ﾝ", "ン"}, {"ｦ", "ヲ"}, {"ｯ", "ッ"}, {"漢", "漢"}, {"Ａ", "Ａ"}};
  for (const auto& row : rows)
    EXPECT_EQ(widen(decode_utf8(row.in)[0]), decode_utf8(row.want)[0]) << row.in;
}

TEST(JapaneseMora, LongestFirst) {
  EXPECT_EQ(find_mora("キャク")->kana, "キャ");
  EXPECT_EQ(find_mora("キク")->kana, "キ");
  EXPECT_EQ(find_mora("ン")->vowel, "N");
  EXPECT_TRUE(find_mora("グヮ")->rare);
  for (const char* none : {"", "ー", "ヵ", "あ", "k"}) EXPECT_EQ(find_mora(none), nullptr) << none;
}

}  // namespace
}  // namespace vl::text
