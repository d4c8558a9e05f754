#pragma once

#include <string>

namespace vl::text {

/// Chinese numeral of a whole number given by its ASCII digits, as cn2an 0.5.24 writes it
/// ("一十二" is 十二, 101 一百零一, 101000 十万一千); leading zeros do not count. Above 16 digits,
/// where cn2an gives up, digit by digit.
std::string chinese_cardinal(const std::string& digits);

/// Every number of the text (ASCII or full-width digits, one "." with digits behind it) as a
/// numeral; decimals digit by digit, the first 16 of them.
/// @param text UTF-8 @throws Error(kBadText) as decode_utf8
std::string chinese_numbers(const std::string& text);

}  // namespace vl::text
