#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vl::text {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) { return is_upper(c) || is_lower(c); }
/// What a regular expression calls a word character, of ASCII.
constexpr bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
constexpr bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// A word begins or ends between the bytes at - 1 and at of ASCII text.
inline bool word_boundary(std::string_view text, size_t at) {
  return (at > 0 && is_word(text[at - 1])) != (at < text.size() && is_word(text[at]));
}
/// End of the run of characters of a class that begins at `at`.
template <class Class>
size_t run_end(std::string_view text, size_t at, const Class& in_class) {
  while (at < text.size() && in_class(text[at])) ++at;
  return at;
}
/// The text at `at` begins with `word`, which is in lower case; ASCII letters in any case.
bool starts_with_any_case(std::string_view text, size_t at, std::string_view word);

/// Bytes of the white space (Unicode) that begins at `at` of well-formed UTF-8; 0: none does.
size_t blank_length(std::string_view text, size_t at);
/// Every run of white space as one blank. @param text well-formed UTF-8
std::string collapse_blanks(std::string_view text);

/// Lower case of Unicode 14 without the rule for the last sigma of a word.
/// @throws Error(kBadText) for text that is not UTF-8
std::string to_lower(const std::string& text);

/// Capitals first, first + stride ... last and their distance to the small letters.
struct LowerRow {
  uint32_t first, last;
  int32_t stride, distance;
};
extern const LowerRow kLowerTable[];
extern const size_t kLowerTableSize;

}  // namespace vl::text
