#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vl/text/front_ends.h"

namespace vl::text {

/// Language ids of the VALL-E X model (prompt files count differently: zh 0, ja 1, en 2).
/// The public checkpoint has no Korean; packs that declare ko have a fourth row.
constexpr int64_t kLanguageEn = 0, kLanguageZh = 1, kLanguageJa = 2, kLanguageKo = 3;
/// "en" -> 0 ... @throws Error(kLanguageNotOffered) for a language without an id
int64_t vallex_language_id(const std::string& language);
/// The other way. @throws Error(kBadValue)
std::string vallex_language(int64_t id);
/// By script: Hangul ko, kana ja, Han zh, else en.
std::string language_of(const std::string& text);

/// Text as the model reads it.
struct VallexTokens {
  std::vector<int64_t> ids, languages;  ///< one of each per symbol; id 0 is an unknown symbol
  std::string phonemes;                 ///< the cleaned text before blanks become "_"
  std::vector<std::string> unknown_words;
};

/// The public tokenizer: newlines deleted, the text cleaned per language, a final "." where no end
/// mark stands, one token a code point.
/// @param language en, zh, ja, ko, or mix for text with its own marks ([EN]...[EN])
/// @throws Error(kBadText) "nothing to speak in the text" for no tokens at all; as FrontEnds::ipa
VallexTokens vallex_tokens(const std::string& text, const std::string& language,
                           const FrontEnds& front_ends);

}  // namespace vl::text
