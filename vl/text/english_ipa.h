#pragma once

#include <map>
#include <string>
#include <vector>

#include "vl/text/lexicon.h"

namespace vl::text {

/// Stress-marked IPA of one pronunciation (phones with stress digits), by the syllable and onset
/// rules of eng_to_ipa 0.0.2.
std::string phones_to_ipa(const std::vector<std::string>& phones);

/// VALL-E X's English cleaner: ASCII folding, lower case, abbreviations, numbers, CMUdict to IPA,
/// dark l. Words that the dictionary lacks stay with a "*" and are added to `unknown`.
/// @param readings IPA of words that go before the dictionary; null: none
std::string english_to_ipa(const std::string& text, const Lexicon& lexicon,
                           std::vector<std::string>* unknown,
                           const std::map<std::string, std::string>* readings = nullptr);

/// The first three steps alone: folded, lower-case text with abbreviations and numbers in words.
std::string normalise_english(const std::string& text);

}  // namespace vl::text
