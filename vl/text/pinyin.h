#pragma once

#include <string>
#include <string_view>

#include "vl/text/sorted_rows.h"

namespace vl::text {

/// Readings of Chinese characters in bopomofo: each phrase of the table as a whole, the longest
/// first, every other character by its first reading. No tone sandhi. Follows pypinyin 0.55.0,
/// `lazy_pinyin(word, Style.BOPOMOFO)` with its defaults.
class Pinyin {
 public:
  /// @param folder with phrases.txt and readings.txt (tools/make_zh_tables.py)
  /// @throws Error(kNotFound, kBadLexicon)
  explicit Pinyin(const std::string& folder);

  /// Syllables without anything between them, each with its tone mark (ˉ for the first tone, ˙ for
  /// the neutral one). What has no reading stays as it is.
  std::string bopomofo(std::string_view word) const;

 private:
  SortedRows phrases_, readings_;
};

}  // namespace vl::text
