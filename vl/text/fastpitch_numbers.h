#pragma once

#include <string>

namespace vl::text {

/// Amounts of money as words, the first step of FastPitch's front end: $, pound, euro or won sign,
/// digits with commas and full stops, then perhaps a magnitude (million, m, ...). "$1.50" is "one
/// dollar, fifty cents". An amount with two full stops keeps its digits.
/// @param text UTF-8
/// Source: numerical.py of NVIDIA's FastPitch 1.1
std::string fastpitch_currency(const std::string& text);

/// All number rules of the English cleaners, in their order: commas between digits, money,
/// decimals, ordinals, Roman numerals (capitals), NxM, numbers with s or 's. Numbers of more than
/// 36 digits, an error in the source, are read digit by digit.
/// @param text ASCII
std::string fastpitch_numbers(const std::string& text);

}  // namespace vl::text
