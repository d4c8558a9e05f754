#pragma once

#include <string>
#include <string_view>

namespace vl::text {

/// A plain number and what it counts: counters (세 개), units (오 킬로그램), %, 만 and 억, 여, 째.
/// @param number digits, perhaps with decimal points
/// @param before source before the number: 제, 기호 and 버스 make a label, a coin sign before the
/// number is not part of it
/// @param after source after it; @param used how much of it the reading holds
std::u32string read_with_unit(std::u32string_view number, std::u32string_view before,
                              std::u32string_view after, size_t& used);

/// The Korean name of a unit in letters at the start of the text ("kg", "km/h", "°C"), with its
/// length; empty: none. `prefix` gets the word that goes before the number (시속, 화씨).
std::u32string_view unit_name(std::u32string_view text, size_t& length,
                              std::u32string_view& prefix);

}  // namespace vl::text
