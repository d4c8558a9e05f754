#include "vl/core/field_words.h"

#include <gtest/gtest.h>

namespace vl {
namespace {

using Words = std::vector<std::string>;

TEST(BareValues, FlagsWithoutAValueGetTheirOwn) {
  const std::map<std::string, std::string> bare = {{"--rotate", "90"}};
  const struct {
    Words in, out;
  } rows[] = {
      {{"--rotate"}, {"--rotate", "90"}},
      {{"--rotate", "180"}, {"--rotate", "180"}},
      {{"--rotate", "--json"}, {"--rotate", "90", "--json"}},
      {{"--rotate=180", "x"}, {"--rotate=180", "x"}},
      {{"--rotate", "clip.mp4"}, {"--rotate", "90", "clip.mp4"}},
      {{"--other", "--", "--rotate"}, {"--other", "--", "--rotate"}},
      {{}, {}},
  };
  for (const auto& row : rows) EXPECT_EQ(with_bare_values(row.in, bare), row.out);
}

}  // namespace
}  // namespace vl
