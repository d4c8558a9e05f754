#include "vl/text/sentences.h"

#include <gtest/gtest.h>

#include "vl/core/error.h"

namespace vl::text {
namespace {

using Parts = std::vector<std::string>;

TEST(Sentences, OfEveryLanguage) {
  const struct {
    const char *language, *text;
    Parts want;
  } rows[] = {
      {"en", "Hello there. How are you? Fine!", {"Hello there.", "How are you?", "Fine!"}},
      {"en",
       "Dr. Smith met Mr. J. Doe at 3 p.m. on Monday. He left.",
       {"Dr. Smith met Mr. J. Doe at 3 p.m. on Monday.", "He left."}},
      {"en", "It costs $3.50. Or 4.00?", {"It costs $3.50.", "Or 4.00?"}},
      {"en", "He said \"Stop.\" Then he left.", {"He said \"Stop.\"", "Then he left."}},
      {"en", "Wait... what? No.", {"Wait... what?", "No."}},
      {"en", "So am I. You too.", {"So am I.", "You too."}},
      {"en", "one line\nof two\n\nand another", {"one line of two", "and another"}},
      {"en", "etc.", {"etc."}},
      {"en", "  \n ", {}},
      {"en", "no end", {"no end"}},
      {"en", "Two.\u2003Three.\u2028Four.", {"Two.", "Three.", "Four."}},
      {"zh", "你好。今天好吗？很好……走吧!", {"你好。", "今天好吗？", "很好……", "走吧!"}},
      {"zh", "他说：“走。”然后\n走了。", {"他说：“走。”", "然后走了。"}},
      {"ja", "こんにちは。元気ですか？はい！", {"こんにちは。", "元気ですか？", "はい！"}},
      {"ko", "안녕하세요. 잘 지내요? 네!", {"안녕하세요.", "잘 지내요?", "네!"}},
      {"ko", "원주율은 3.14입니다. 끝.", {"원주율은 3.14입니다.", "끝."}},
  };
  for (const auto& row : rows) EXPECT_EQ(split_sentences(row.text, row.language), row.want);
  EXPECT_THROW(split_sentences("a\xff", "en"), Error);
}

TEST(SplitToFit, CutsAtClausesThenBlanksThenCharacters) {
  const auto shorter = [](size_t most) {
    return [most](const std::string& part) { return part.size() <= most; };
  };
  EXPECT_EQ(split_to_fit("one two, three four", shorter(12)), (Parts{"one two,", "three four"}));
  EXPECT_EQ(split_to_fit("one two three four", shorter(9)), (Parts{"one two", "three", "four"}));
  EXPECT_EQ(split_to_fit("你好世界", shorter(6)), (Parts{"你好", "世界"}));
  EXPECT_EQ(split_to_fit("fits", shorter(9)), Parts{"fits"});
  EXPECT_EQ(split_to_fit("about 1,234,567 and 3:45 more", shorter(16)),
            (Parts{"about 1,234,567", "and 3:45 more"}));
  EXPECT_EQ(split_to_fit("a {HH AH0 L OW1} b", shorter(13)), (Parts{"a", "{HH AH0 L OW1}", "b"}));
  EXPECT_EQ(split_to_fit("{HH AH0 L OW1}", shorter(3)), Parts{"{HH AH0 L OW1}"});
  EXPECT_EQ(split_to_fit("abcd", shorter(0)), (Parts{"a", "b", "c", "d"}));
}

TEST(Script, FitsItsLanguage) {
  const struct {
    const char *text, *language;
    bool fits;
  } rows[] = {{"Hello", "en", true},       {"안녕", "en", false},  {"你好", "zh", true},
              {"こんにちは", "zh", false}, {"東京", "ja", true},   {"hello", "ja", false},
              {"안녕 AI", "ko", true},     {"hello", "ko", false}, {"123!", "ko", true},
              {"안녕", "fr", true}};
  for (const auto& row : rows) EXPECT_EQ(script_fits(row.text, row.language), row.fits) << row.text;
  EXPECT_EQ(foreign_script("Привет, мир"), "Cyrillic");
  EXPECT_EQ(foreign_script("مرحبا"), "Arabic");
  EXPECT_EQ(foreign_script("the letter π"), "");
  EXPECT_EQ(foreign_script("123"), "");
}

}  // namespace
}  // namespace vl::text
