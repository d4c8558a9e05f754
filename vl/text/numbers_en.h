#pragma once

#include <string>

namespace vl::text {

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

/// All number rules of the VALL-E X English cleaner, in their order: commas between digits, dollar
/// amounts, decimals, ordinals, cardinals.
/// @param text lower-case ASCII
std::string expand_numbers(const std::string& text);

}  // namespace vl::text
