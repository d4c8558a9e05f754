#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// Digits with the marks that belong to them, as they stand in the text: "1,234.5", "2026-11-27".
struct NumberText {
  std::vector<std::u32string> parts;  ///< digits alone; commas between thousands are gone
  std::u32string separators;          ///< one of . - / : ~ · between the parts
  size_t length = 0;                  ///< of the source text
};

/// The longest number text at the start, which begins with a digit.
NumberText scan_number(std::u32string_view text);

/// What stands around a number.
struct NumberContext {
  std::u32string_view before;  ///< the source up to it
  std::u32string_view after;   ///< the source from its end on
};

/// A number text in Hangul. Dates, times, telephone numbers, fractions and other forms with their
/// own words are complete; a plain number takes its counter or unit from `after`.
/// @param used how much of `after` is read already
std::u32string read_number(const NumberText& number, const NumberContext& context, size_t& used);

}  // namespace vl::text
