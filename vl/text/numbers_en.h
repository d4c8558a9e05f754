#pragma once

#include <string>

namespace vl::text {

/// "007" as "7", "00" as "0".
std::string without_leading_zeros(const std::string& digits);

/// English words of a whole number given by its digits: groups joined by ", ", a last group below
/// 100 by a blank (or " and "), tens and units by a hyphen. Numbers of more than 36 digits are read
/// digit by digit.
/// @param with_and "one hundred and three" instead of "one hundred three"
std::string cardinal(const std::string& digits, bool with_and);
/// "one hundred and third", as of cardinal(digits, true).
std::string ordinal(const std::string& digits);
/// As the public front end reads a bare number: 1001..2999 as years ("nineteen oh five"), else
/// cardinal(digits, false).
std::string number_or_year(const std::string& digits);

/// Without the commas between the first and the last digit of every run of digits and commas.
std::string remove_commas(const std::string& text);
/// "3.14" as "3 point 14"; "1.2.3" as "1 point 2.3".
std::string expand_decimals(const std::string& text);

/// All number rules of the VALL-E X English cleaner, in their order: commas between digits, dollar
/// amounts, decimals, ordinals, cardinals.
/// @param text lower-case ASCII
std::string expand_numbers(const std::string& text);

}  // namespace vl::text
