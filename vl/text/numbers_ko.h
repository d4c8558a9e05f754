#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vl::text {

/// Seams inside spoken numbers: private code points that stand for ^, + and | of parse_seams.
constexpr char32_t kTenseMark = 0xE001, kAddNMark = 0xE002, kBoundaryMark = 0xE003;

/// Sino-Korean cardinal of a whole number: "123456" -> 십이만 삼천사백오십육 (a blank after 만 억
/// 조 경; 일 is left out before 십 백 천 and a leading 만). More than 20 digits: digit by digit.
/// @param digits ASCII digits, leading zeros ignored
std::u32string sino_number(std::u32string_view digits);
/// One digit after another. @param zero how 0 is said: 공 in telephone and code numbers, 영 after
/// the decimal point
std::u32string read_digits(std::u32string_view digits, char32_t zero);
/// "3.14" -> 삼 점 일사; several points (versions, addresses) read the same way.
std::u32string decimal_number(std::u32string_view number);
/// Native numerals 1..99. @param counting before a counter: 한, 두, 스무 instead of 하나, 둘, 스물
std::u32string native_number(int value, bool counting);

/// How a counter wants its number.
struct Counter {
  std::u32string_view word;
  int native_up_to;  ///< native numerals up to this value, Sino-Korean above; 0: never
  bool joined;       ///< no blank between number and counter (년, 월, 일)
};

/// The counter that begins the text: the longest of the table. Nothing: the number stands alone.
std::optional<Counter> find_counter(std::u32string_view text);

/// A number before its counter, with the blank and the seams that belong between them: (3, 개) ->
/// "세 ", (6, 월) -> "유". Decimals are always Sino-Korean.
/// @param number ASCII digits, perhaps with a decimal point
std::u32string number_before(std::u32string_view number, const Counter& counter);

}  // namespace vl::text
