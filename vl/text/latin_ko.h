#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vl/text/lexicon.h"

namespace vl::text {

/// Latin words in Korean text as Korean says them, in Hangul.
class LatinReader {
 public:
  /// @param list latin.tsv: word (letters, digits, inner - & + . '), tab, Hangul; words in capitals
  /// match capitals only
  /// @param cmudict for words the list lacks; may be null, then they are read by their letters
  /// @throws Error(kNotFound, kBadLexicon)
  LatinReader(const std::string& list, std::shared_ptr<const Lexicon> cmudict);

  /// Length of the longest entry of the list that begins the text and ends where a word ends; 0:
  /// none. `reading` gets its Hangul.
  size_t listed(std::u32string_view text, std::u32string& reading) const;
  /// A word of ASCII letters. Capitals up to five letters, words without a vowel and single letters
  /// are spelled (AI 에이아이); other words go through CMUdict and phones_to_hangul, or, where the
  /// dictionary lacks them, through a plain reading of their letters.
  std::u32string read(std::u32string_view word) const;

 private:
  std::unordered_map<std::u32string, std::u32string> list_;
  size_t longest_ = 0;
  std::shared_ptr<const Lexicon> cmudict_;
};

/// 에이, 비, 씨 ... @param letter an ASCII letter
std::u32string_view letter_name(char32_t letter);

/// CMUdict phones (lower case, stress digits) in Hangul by the rules for English of the loanword
/// orthography (외래어 표기법, chapter 3, section 1).
std::u32string phones_to_hangul(const std::vector<std::string>& phones);

}  // namespace vl::text
