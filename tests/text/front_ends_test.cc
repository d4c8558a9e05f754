#include "vl/text/front_ends.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/text/vallex_text.h"

namespace vl::text {
namespace {

FrontEnds with(const std::string& lexicon) {
  UserLexicon own;
  own.add_text(lexicon, "own.tsv");
  return FrontEnds(test::source("assets").string(), own);
}

TEST(FrontEnds, TheUsersReadingsGoFirst) {
  const struct {
    const char *lexicon, *language, *text, *out;
  } rows[] = {
      {"Voxlip\t/ˈvɑkslɪp/", "en", "Try Voxlip, now!", "tɹaɪ ˈvɑkslɪp, naʊ!"},
      {"voxlip\t{V AA1 K S L IH0 P}", "en", "VOXLIP.", "ˈvɑkslɪp."},
      {"GPU\tgraphics card", "en", "a GPU", "ə ˈgɹæfɪks kɑɹd"},
      {"new york\t/njujɔɹk/", "en", "In New York.", "ɪn njujɔɹk."},
      {"art\t/ɑ/", "en", "smart art", "smɑɹt ɑ"},
      {"read\tko\t*\t리드", "en", "read", "ɹɛd"},
      {"行\t/xɑŋ/", "zh", "行。", "xɑŋ."},
  };
  for (const auto& row : rows)
    EXPECT_EQ(with(row.lexicon).ipa(row.text, row.language, nullptr), row.out) << row.text;
  EXPECT_EQ(with("GPU\t显卡").ipa("GPU", "zh", nullptr), with("").ipa("显卡", "zh", nullptr));
  EXPECT_EQ(with("복스립\t보리").ipa("복스립", "ko", nullptr), with("").ipa("보리", "ko", nullptr));
}

TEST(FrontEnds, AReadingOfTheUsersIsNoUnknownWord) {
  std::vector<std::string> unknown;
  with("zzyzx\t/zaɪzɪks/").ipa("zzyzx qqqq", "en", &unknown);
  EXPECT_EQ(unknown, std::vector<std::string>{"qqqq"});
}

TEST(FrontEnds, BadReadingsNameTheirLine) {
  const struct {
    const char *lexicon, *language, *text;
  } rows[] = {{"# c\nword\t/wɜd/", "en", "word"},
              {"# c\nword\t{W XX1 D}", "en", "word"},
              {"# c\n行\t{HH}", "zh", "行"},
              {"# c\n行\t/xʘ/", "zh", "行"},
              {"# c\n말\tmal", "ko", "말"}};
  for (const auto& row : rows) {
    try {
      with(row.lexicon).ipa(row.text, row.language, nullptr);
      ADD_FAILURE() << row.lexicon;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadLexicon) << row.lexicon;
      EXPECT_EQ(e.where().line, 2) << row.lexicon;
    }
  }
}

TEST(FrontEnds, ServeManyThreads) {
  const FrontEnds shared(test::source("assets").string());
  std::vector<std::string> out(4);
  std::vector<std::thread> threads;
  for (std::string& mine : out)
    threads.emplace_back([&] {
      mine = shared.ipa("Hello.", "en", nullptr) + shared.ipa("你好", "zh", nullptr) +
             shared.ipa("안녕", "ko", nullptr);
    });
  for (std::thread& t : threads) t.join();
  for (const std::string& one : out) EXPECT_EQ(one, out[0]);
  EXPECT_FALSE(out[0].empty());
}

}  // namespace
}  // namespace vl::text
