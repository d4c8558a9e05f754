#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/paths.h"

namespace vl::test {

/// Cells of every row but the first of a parity table of FastPitch; `\\`, `\t` and `\n` stand for
/// themselves.
inline std::vector<std::vector<std::string>> fastpitch_table(const std::string& file) {
  std::ifstream in(data(file));
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::vector<std::string> cells(1);
    for (size_t i = 0; i < line.size(); ++i) {
      const bool escape = line[i] == '\\' && i + 1 < line.size();
      if (line[i] == '\t') {
        cells.emplace_back();
      } else if (escape) {
        const char c = line[++i];
        cells.back() += c == 't' ? '\t' : c == 'n' ? '\n' : c;
      } else {
        cells.back() += line[i];
      }
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

inline std::vector<int64_t> fastpitch_ids(const std::string& cell) {
  std::istringstream in(cell);
  std::vector<int64_t> out;
  for (int64_t id = 0; in >> id;) out.push_back(id);
  return out;
}

}  // namespace vl::test
