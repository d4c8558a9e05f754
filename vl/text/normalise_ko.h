#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "vl/text/latin_ko.h"

namespace vl::text {

/// Korean text as it is read: only Hangul, single blanks, the marks , . ! ? … ~ and seams
/// (numbers_ko.h), besides private characters from U+F0000 on, which pass (user readings).
///
/// Numbers: native or Sino-Korean by their counter; dates, times, telephone numbers, fractions,
/// ranges, signs, money, percentages, units. "N번" counts (한 번), but labels in front of things
/// that are numbered (3번 출구, 버스 7번). Marks: & 앤드, % 퍼센트, @ 골뱅이, # 샵, + and = and ×,
/// ÷ between numbers are read; ; : ( ) become a pause; quotes, emoji, other scripts and what is
/// left are dropped; · / _ - | part words.
class KoreanNormaliser {
 public:
  /// Lists of the folder: latin.tsv, hanja.txt. @throws Error(kNotFound, kBadLexicon)
  KoreanNormaliser(const std::string& folder, std::shared_ptr<const Lexicon> cmudict);
  std::u32string normalise(std::u32string_view text) const;

 private:
  /// Chinese characters in Hangul.
  std::u32string without_hanja(std::u32string_view text) const;

  LatinReader latin_;
  std::unordered_map<char32_t, std::u32string> hanja_;  ///< reading at a word's start and elsewhere
};

/// Characters that stand for others in Korean text: full-width forms, squared units (㎏, ㎡),
/// circled and Roman numerals, typographic quotes and dashes; white space as single
/// blanks. Control, joining and private characters are removed.
std::u32string fold_korean(std::u32string_view text);

}  // namespace vl::text
