#include "vl/text/vallex_text.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/text/vallex_table.h"
#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/english_ipa.h"
#include "vl/text/numbers_en.h"

namespace vl::text {
namespace {

const FrontEnds& front_ends() {
  static const FrontEnds loaded(test::source("assets").string());
  return loaded;
}

TEST(VallexText, EveryRowOfTheParityTables) {
  EXPECT_EQ(test::check_vallex_table("text_en.tsv", "en", front_ends()), 54);
  EXPECT_EQ(test::check_vallex_table("text_zh.tsv", "zh", front_ends()), 15);
}

TEST(NumbersEn, Expansion) {
  const struct {
    const char *in, *out;
  } rows[] = {{"1,234", "twelve thirty-four"},
              {"3001", "three thousand one"},
              {"12345", "twelve thousand, three hundred forty-five"},
              {"2000", "two thousand"},
              {"2005", "two thousand five"},
              {"1900", "nineteen hundred"},
              {"1905", "nineteen oh five"},
              {"2999", "twenty-nine ninety-nine"},
              {"1000", "one thousand"},
              {"103rd", "one hundred and third"},
              {"3001st", "three thousand and first"},
              {"2000th", "two thousandth"},
              {"1100th", "one thousand, one hundredth"},
              {"1999th", "one thousand, nine hundred and ninety-ninth"},
              {"5things", "fifthings"},
              {"10x", "tenx"},
              {"1990s", "nineteen ninetys"},
              {"007", "seven"},
              {"$1.5", "one dollar, five cents"},
              {"$1.05", "one dollar, five cents"},
              {"$1.50", "one dollar, fifty cents"},
              {"$.50", "fifty cents"},
              {"$0", "zero dollars"},
              {"$1.2.3", "one point two.three dollars"},
              {"3.14", "three point fourteen"},
              {"1.2.3", "one point two.three"},
              {"0", "zero"},
              {"$1", "one dollar"},
              {"20th", "twentieth"},
              {"12th", "twelfth"},
              {"1000000", "one million"},
              {"1000001", "one million one"},
              {"999999999999999999999999999999999999", nullptr}};
  for (const auto& row : rows)
    if (row.out != nullptr) {
      EXPECT_EQ(expand_numbers(row.in), row.out) << row.in;
    }
  EXPECT_EQ(cardinal(std::string(40, '1'), false).substr(0, 11), "one one one");
}

TEST(English, FoldingAndAbbreviations) {
  const struct {
    const char *in, *out;
  } rows[] = {{"Café naïve", "cafe naive"},
              {"£20", "pstwenty"},
              {"“Hi” – it’s…", "\"hi\" - it's..."},
              {"Mr. Smith and Dr. Who", "mister smith and doctor who"},
              {"St. Ives", "saint ives"},
              {"best.", "best."},
              {"Mrs. X", "misess x"},
              {"½", " one/two"},
              {"５ｋ", "fivek"},
              {"Straße", "strasse"},
              {"漢", ""}};
  for (const auto& row : rows) EXPECT_EQ(normalise_english(row.in), row.out) << row.in;
}

TEST(English, WordsAndMarks) {
  const struct {
    const char *in, *out;
  } rows[] = {{"quill-l", "quiɫl-l*."},
              {"xqll", "xqɫl*."},
              {"lll", "ɫll*."},
              {"world", "wəɹɫd."},
              {"to", "tɪ."},
              {"just", "dʒɪst."},
              {"Hello!", "hɛˈloʊ!"},
              {"-- hello", "hɛˈloʊ."},
              {"hello:", "hɛˈloʊ:."},
              {"twenty-one", "tˈwɛntiˌwɔn."},
              {"34", "thiɹty-fouɹ*."}};
  for (const auto& row : rows)
    EXPECT_EQ(vallex_tokens(row.in, "en", front_ends()).phonemes, row.out) << row.in;
  const VallexTokens t = vallex_tokens("zzyzx hello", "en", front_ends());
  EXPECT_EQ(t.unknown_words, std::vector<std::string>{"zzyzx"});
  EXPECT_EQ(t.ids.size(), t.languages.size());
}

TEST(VallexText, MarksOfMixedText) {
  const auto plain = vallex_tokens("hello.", "en", front_ends());
  EXPECT_EQ(vallex_tokens("dropped [EN]hello.[EN] dropped", "mix", front_ends()).ids, plain.ids);
  EXPECT_EQ(vallex_tokens("[EN][EN][EN]hello.[EN]", "mix", front_ends()).ids, plain.ids);
  const auto both = vallex_tokens("[EN]hello.[EN][ZH]你好[ZH]", "mix", front_ends());
  EXPECT_EQ(both.languages.front(), kLanguageEn);
  EXPECT_EQ(both.languages.back(), kLanguageZh);
  EXPECT_EQ(vallex_tokens("[KO]안녕[KO]", "mix", front_ends()).languages.front(), kLanguageKo);
  EXPECT_THROW(vallex_tokens("hello", "fr", front_ends()), Error);
}

TEST(VallexText, NothingToSpeakIsAnError) {
  for (const char* text : {"", "   ", "\n", "!!!", "😀", "..."}) try {
      vallex_tokens(text, "en", front_ends());
      FAIL() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadText) << text;
    }
  EXPECT_THROW(vallex_tokens("a\xff", "en", front_ends()), Error);
}

TEST(Language, ByScript) {
  EXPECT_EQ(language_of("Hello"), "en");
  EXPECT_EQ(language_of("좋은 아침"), "ko");
  EXPECT_EQ(language_of("こんにちは世界"), "ja");
  EXPECT_EQ(language_of("你好"), "zh");
}

}  // namespace
}  // namespace vl::text
