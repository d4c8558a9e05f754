#pragma once

#include <string>

namespace vl::text {

/// Latin letters of either case by the bopomofo of their Chinese names, all else unchanged.
/// @param text UTF-8 @throws Error(kBadText) as decode_utf8
std::string latin_to_bopomofo(const std::string& text);

/// Bopomofo and Chinese punctuation as VALL-E X's symbols with tone arrows, then its rules for
/// glides and for syllables without a vowel. Follows Plachtaa/VALL-E-X, `chinese_to_ipa`.
/// @param text UTF-8 @throws Error(kBadText) as decode_utf8
std::string bopomofo_to_ipa(const std::string& text);

}  // namespace vl::text
