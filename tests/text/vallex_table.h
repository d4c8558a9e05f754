#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "vl/text/vallex_text.h"

namespace vl::test {

/// Compares phonemes, ids and (where the table has them) language ids of every row of a parity
/// table. @return its rows
inline int check_vallex_table(const std::string& file, const std::string& language,
                              const text::FrontEnds& front_ends) {
  std::ifstream in(data("parity/vallex/" + file));
  std::string line;
  std::getline(in, line);
  int rows = 0;
  for (; std::getline(in, line); ++rows) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    const auto numbers = [](const std::string& cell) {
      std::istringstream in_cell(cell);
      return std::vector<int64_t>(std::istream_iterator<int64_t>(in_cell), {});
    };
    const text::VallexTokens got = text::vallex_tokens(cells[0], language, front_ends);
    EXPECT_EQ(got.phonemes, cells[1]) << cells[0];
    EXPECT_EQ(got.ids, numbers(cells[2])) << cells[0];
    if (cells.size() > 3) {
      EXPECT_EQ(got.languages, numbers(cells[3])) << cells[0];
    }
  }
  return rows;
}

}  // namespace vl::test
