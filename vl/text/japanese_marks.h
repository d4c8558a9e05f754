#pragma once

#include <cstdint>
#include <string>

namespace vl::text {

/// Whether VALL-E X's Japanese cleaner takes the character for Japanese: kana, Han, Latin letters
/// and decimal digits of any script. All others are marks.
bool is_japanese(uint32_t code);

/// A mark in ASCII without blanks ("。" ".", "「" "["), as the public cleaner folds it; "" for what
/// has no such form, and for control characters. Covers Japanese and Western punctuation, symbols,
/// and what fold_to_ascii knows, Greek and Russian letters; further scripts and compatibility
/// ideographs are dropped.
std::string fold_mark(uint32_t code);

/// Open JTalk's form of a Japanese character: full-width letters and digits, full-width kana.
uint32_t widen(uint32_t code);

}  // namespace vl::text
