#pragma once

#include "vl/text/njd.h"

namespace vl::text::njd {

inline bool is_number(const Word& w) { return w.group1 == "数"; }
/// Whether the word counts things, or is a noun such as 日 that may stand after a number.
inline bool is_counter(const Word& w) { return w.group2 == "助数詞" || w.group1 == "副詞可能"; }
inline bool is_period(const Word& w) { return w.surface == "．" || w.surface == "・"; }
inline bool is_comma(const Word& w) { return w.surface == "，"; }

/// Makes each row of digits a number in words (二千三百) or single digits, by its length, commas
/// and neighbours. Digits become kanji.
/// @return whether there is any number word
bool convert_digits(Words& words);

}  // namespace vl::text::njd
