#pragma once

#include <string>
#include <vector>

#include "vl/text/jieba_hmm.h"
#include "vl/text/sorted_rows.h"
#include "vl/text/utf8_text.h"

namespace vl::text {

/// Words of Chinese text: the likeliest path through the dictionary's words by their frequencies,
/// then a hidden Markov model where single characters are left. Follows jieba 0.42.1, `lcut` with
/// its defaults; only the borders between pieces without a Chinese character may differ.
class JiebaCut {
 public:
  /// @param folder with words.txt and hmm.txt (tools/make_zh_tables.py)
  /// @throws Error(kNotFound, kBadLexicon)
  explicit JiebaCut(const std::string& folder);

  /// End of each word, as indices of code points; the words cover the text.
  std::vector<size_t> cut(const Utf8Text& text) const;

 private:
  void cut_block(const Utf8Text& text, size_t begin, size_t end, std::vector<size_t>& ends) const;
  /// Words of a row of single characters that the dictionary left.
  void cut_rest(const Utf8Text& text, size_t begin, size_t end, std::vector<size_t>& ends) const;
  /// Length of the word that the likeliest path has at each place of [begin, end).
  std::vector<uint32_t> path(const Utf8Text& text, size_t begin, size_t end) const;
  /// Logarithm of the number in a row of words.txt.
  double log_frequency(std::string_view value) const;

  SortedRows words_;
  JiebaHmm hmm_;
  double log_total_;
};

}  // namespace vl::text
