#pragma once

#include <string>

#include "vl/text/japanese_dictionary.h"

namespace vl::text {

/// VALL-E X's Japanese cleaner (japanese_to_ipa2 of Plachtaa/VALL-E-X 3faaf8c): runs of Japanese
/// through Open JTalk 1.11's front end with the dictionary naist-jdic, marks between them folded to
/// ASCII. Loads a dictionary once; then const and thread-safe.
class JapaneseFrontEnd {
 public:
  /// @throws Error as JapaneseDictionary does
  explicit JapaneseFrontEnd(const std::string& dictionary_folder = kJapaneseDictionary)
      : dictionary_(dictionary_folder) {}

  /// "今日は" -> "kjo↓owa": pitch rises at ↑, falls at ↓, blanks separate accent phrases and runs.
  /// May be empty. Characters without a reading become pauses or vanish.
  /// @throws Error(kBadText) for text that is not UTF-8
  std::string ipa(const std::string& text) const;

 private:
  /// Accent-marked phonemes of one run of Japanese characters.
  std::string romaji(const std::string& run) const;

  JapaneseDictionary dictionary_;
};

}  // namespace vl::text
