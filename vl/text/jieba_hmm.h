#pragma once

#include <string>
#include <vector>

#include "vl/text/sorted_rows.h"
#include "vl/text/utf8_text.h"

namespace vl::text {

/// Words that jieba's dictionary lacks: every character begins, continues or ends a word or is one
/// (B, M, E, S); the likeliest such chain by the Viterbi algorithm. Follows jieba 0.42.1, finalseg.
class JiebaHmm {
 public:
  /// @param path assets/text/zh/hmm.txt @throws as SortedRows
  explicit JiebaHmm(const std::string& path) : emissions_(path, "hmm") {}

  /// Adds to `ends` the end of each word of [begin, end), which holds Chinese characters only.
  void cut(const Utf8Text& text, size_t begin, size_t end, std::vector<size_t>& ends) const;

 private:
  std::vector<int> states(const Utf8Text& text, size_t begin, size_t end) const;

  SortedRows emissions_;
};

}  // namespace vl::text
