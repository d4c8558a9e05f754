#pragma once

#include <string>
#include <vector>

#include "vl/text/japanese_labels.h"

namespace vl::text {

/// Phonemes of one run of Japanese with "↑" where the pitch rises, "↓" where it falls and a blank
/// between accent phrases (VALL-E X's japanese_to_romaji_with_accent).
std::string mark_accents(const std::vector<JapaneseLabel>& labels);

/// The phonemes as VALL-E X's symbols (japanese_to_ipa2): ッ and ン take the sound after them, then
/// the letters of IPA, a devoiced vowel with "*". Punctuation passes; "..." becomes "…".
std::string romaji_to_symbols(const std::string& romaji);

}  // namespace vl::text
