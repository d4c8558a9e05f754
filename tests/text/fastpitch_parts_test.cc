#include <gtest/gtest.h>

#include <map>

#include "tests/text/fastpitch_table.h"
#include "vl/core/error.h"
#include "vl/text/arpabet_words.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/char_class.h"
#include "vl/text/fastpitch_cleaners.h"
#include "vl/text/fastpitch_numbers.h"
#include "vl/text/fastpitch_symbols.h"

namespace vl::text {
namespace {

TEST(FastPitchNumbers, EveryRowOfTheParityTable) {
  const auto rows = test::fastpitch_table("parity/fastpitch/numbers_en.tsv");
  EXPECT_EQ(rows.size(), 453U);
  for (const auto& row : rows) EXPECT_EQ(fastpitch_numbers(row[1]), row[2]) << row[1];
}

TEST(FastPitchCleaners, EveryRowOfTheTransliterationTable) {
  const FastPitchCleaners cleaners(test::source("assets").string(), {"transliteration_cleaners"});
  std::map<uint32_t, std::string> table;
  for (const auto& row : test::fastpitch_table("parity/fastpitch/transliteration_en.tsv"))
    table[static_cast<uint32_t>(std::stoul(row[0].substr(2), nullptr, 16))] = row[1];
  EXPECT_EQ(table.size(), 247U);
  const struct {
    uint32_t first, last;
  } ranges[] = {{0x7F, 0x17F}, {0x2000, 0x206F}, {0x20A0, 0x20BF}, {0x2100, 0x214F}};
  for (const auto& range : ranges)
    for (uint32_t c = range.first; c <= range.last; ++c) {
      std::string text;
      append_utf8(text, c);
      const auto row = table.find(c);
      EXPECT_EQ(cleaners.clean(text), row == table.end() ? "" : to_lower(row->second)) << c;
    }
}

TEST(FastPitchSymbols, Sets) {
  const struct {
    const char* name;
    size_t size;
    const char* symbol;
    int64_t id;
  } rows[] = {{"english_basic", 148, "_", 0},
              {"english_basic", 148, "-", 1},
              {"english_basic", 148, " ", 11},
              {"english_basic", 148, "A", 12},
              {"english_basic", 148, "z", 63},
              {"english_basic", 148, "@AA", 64},
              {"english_basic", 148, "@ZH", 147},
              {"english_basic", 148, "\"", -1},
              {"english_basic_lowercase", 123, "\"", 4},
              {"english_basic_lowercase", 123, "a", 13},
              {"english_basic_lowercase", 123, "A", -1},
              {"english_expanded", 175, "!", 0},
              {"english_expanded", 175, "_", 20},
              {"english_expanded", 175, "\u20A9", 26},
              {"english_expanded", 175, "\u00E1", 29},
              {"english_expanded", 175, "@ZH", 174}};
  for (const auto& row : rows) {
    const SymbolSet set(row.name);
    EXPECT_EQ(set.size(), row.size) << row.name;
    EXPECT_EQ(set.id(row.symbol), row.id) << row.name << " " << row.symbol;
    if (row.id >= 0) {
      EXPECT_EQ(set.symbol(row.id), row.symbol);
    }
  }
  EXPECT_EQ(arpabet_phones().size(), 84U);
  const SymbolSet basic("english_basic"), copy = basic;
  EXPECT_EQ(copy.ids("Hi {HH AH0} @{XX}{}x}"), (std::vector<int64_t>{19, 46, 11, 106, 73, 11}));
  EXPECT_EQ(SymbolSet("english_expanded").ids("{  @ HH }@"), (std::vector<int64_t>{133, 21}));
  EXPECT_EQ(copy.text({19, 46, 11, 106, 73, 11}), "Hi {HH AH0} ");
  EXPECT_THROW(copy.symbol(148), Error);
  EXPECT_THROW(copy.symbol(-1), Error);
}

TEST(ArpabetWords, Words) {
  const ArpabetWords words(test::source("assets").string());
  const struct {
    const char *word, *phones;
  } rows[] = {{"hello", nullptr},  // two pronunciations
              {"world", "W ER1 L D"},
              {"Cats", "K AE1 T S"},
              {"colour", "K AH1 L ER0"},  // "colour coordinate" is one line of the heteronyms
              {"read", nullptr},
              {"reads", "R IY1 D Z"},
              {"bow's", nullptr},
              {"smith's", "S M IH1 TH S"},
              {"zyxgorbl", nullptr},
              {"stra\u00DFe", nullptr},
              {"d\u00E9j\u00E0", "D EY2 JH AA1"}};
  for (const auto& row : rows) {
    const auto got = words.phones(row.word);
    EXPECT_EQ(got.value_or("-"), row.phones == nullptr ? "-" : row.phones) << row.word;
  }
  EXPECT_EQ(arpabet_word_end("o'clock", 0), 4U);
  EXPECT_EQ(arpabet_word_end("it's.", 0), 4U);
  EXPECT_EQ(arpabet_word_end("a' b", 0), 1U);
  EXPECT_EQ(arpabet_word_end("\u00E9\u017E\u017F", 0), 4U);
  EXPECT_EQ(arpabet_word_end("1a", 0), 0U);
}

TEST(CharClass, LowerCaseAndBlanks) {
  EXPECT_EQ(to_lower("\u00C9\u0130\u0416\u1E9E\u00D7A"), "\u00E9i\u0307\u0436\u00DF\u00D7a");
  EXPECT_EQ(to_lower("\u2C00\uA7C2\U00010400"), "\u2C30\uA7C3\U00010428");
  EXPECT_EQ(collapse_blanks(" a\t\u00A0\u2003b\u3000\u0085c\x1C\u200B"), " a b c \u200B");
}

}  // namespace
}  // namespace vl::text
