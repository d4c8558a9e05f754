#pragma once

#include <string>

namespace vl::text {

// Rules of english_cleaners_v2 before numbers become words. All take ASCII text and follow
// datestime.py and letters_and_numbers.py of NVIDIA's FastPitch 1.1.

/// "7:30pm" as "7 30 p.m.". A time may begin inside a number or a word ("x130pm": "x1 30 p.m.").
std::string fastpitch_times(const std::string& text);

/// "24GB" as "24 gigabytes", "5x7in" as "5 by 7 inch", letters and digits apart ("AK47": "AK 47"),
/// long numbers beside letters in pairs of digits ("RTX3090": "RTX 30 90").
std::string fastpitch_units(const std::string& text);

}  // namespace vl::text
