#include "vl/core/explain.h"

#include <set>

#include <nlohmann/json.hpp>

#include "tests/core/support.h"

namespace vl {
namespace {

/// The codes of the command line contract, section 5: first and last of each exit code.
const struct {
  char kind;
  int first, last;
} kRanges[] = {{'E', 101, 102},   {'E', 201, 206},   {'E', 301, 317},   {'E', 401, 403},
               {'E', 501, 510},   {'E', 601, 604},   {'E', 701, 702},   {'E', 801, 801},
               {'E', 901, 903},   {'E', 1001, 1002}, {'E', 1101, 1101}, {'E', 1201, 1204},
               {'E', 1301, 1304}, {'E', 1401, 1405}, {'E', 1501, 1502}, {'W', 101, 119}};

TEST(Explain, HoldsExactlyTheCodesOfTheContract) {
  std::vector<std::string> want, got;
  for (const auto& r : kRanges)
    for (int n = r.first; n <= r.last; ++n) want.push_back(fmt::format("{}{:04}", r.kind, n));
  for (const Explanation& e : explanations()) {
    got.push_back(e.code);
    EXPECT_FALSE(e.title.empty() || e.cause.empty() || e.example.empty() || e.remedies.empty())
        << e.code;
  }
  EXPECT_EQ(got, want);
}

TEST(Explain, Find) {
  const struct {
    const char *code, *want;
  } cases[] = {{"E0401", "ok"},
               {"w0116", "ok"},
               {"E0401X", "E0201 unknown code \"E0401X\"; did you mean \"E0401\"?"},
               {"nonsense", "E0201 unknown code \"NONSENSE\""},
               {"", "E0201 unknown code \"\""}};
  for (const auto& c : cases)
    EXPECT_EQ(test::outcome_of([&] { find_explanation(c.code); }), c.want);
}

TEST(Explain, Json) {
  const auto e = explain_json(find_explanation("E0401"));
  EXPECT_EQ(e["schema"], "voxlip.explain/1");
  EXPECT_EQ(e["code"], "E0401");
  EXPECT_EQ(e["exit"], 4);
  EXPECT_EQ(e["title"], "no face found");
  EXPECT_EQ(e["text"], explain_text(find_explanation("E0401")));
  EXPECT_EQ(e.size(), 5u);
  EXPECT_TRUE(explain_json(find_explanation("W0101"))["exit"].is_null());
  EXPECT_EQ(explain_json(find_explanation("E1502"))["exit"], 15);
}

}  // namespace
}  // namespace vl
