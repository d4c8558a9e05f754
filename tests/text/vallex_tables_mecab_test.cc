#include "tests/text/vallex_table.h"

namespace vl::text {
namespace {

TEST(VallexText, EveryRowOfTheJapaneseAndMixedTables) {
  const FrontEnds front_ends(test::source("assets").string());
  EXPECT_EQ(test::check_vallex_table("text_ja.tsv", "ja", front_ends), 15);
  EXPECT_EQ(test::check_vallex_table("text_mix.tsv", "mix", front_ends), 6);
}

}  // namespace
}  // namespace vl::text
