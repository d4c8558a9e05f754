#pragma once

#include <string_view>

namespace vl::text {

/// A mora in katakana and its phonemes by Open JTalk's names; "" where it has no consonant (ア, ン,
/// ッ, whose only phoneme is `vowel`).
struct Mora {
  std::string_view kana, consonant, vowel;
  bool rare;  ///< ヮ ヶ クヮ グヮ: spoken where a dictionary has them, never spelled out
};

/// The longest mora at the start of `text`; nullptr where none is. The long mark ー is none.
const Mora* find_mora(std::string_view text);

}  // namespace vl::text
