#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "vl/text/lexicon.h"

namespace vl::text {

/// Words of cleaned text as ARPAbet phones of the CMU dictionary, as FastPitch reads them.
class ArpabetWords {
 public:
  /// @param assets the program's assets: text/cmudict-0.7b, text/en/heteronyms.txt
  /// @throws as Lexicon; Error(kNotFound) for the list
  /// @param dictionary loaded already, or null
  explicit ArpabetWords(const std::string& assets,
                        std::shared_ptr<const Lexicon> dictionary = nullptr);

  /// "HH AH0 L OW1". None for heteronyms, words of several pronunciations and those the dictionary
  /// lacks; a word in 's or s that it lacks is its stem and Z.
  /// @param word letters, perhaps with one apostrophe; UTF-8
  std::optional<std::string> phones(std::string_view word) const;
  /// Does the dictionary have the word, or its stem before 's or s?
  bool knows(std::string_view word) const;

 private:
  std::shared_ptr<const Lexicon> lexicon_;
  std::unordered_set<std::string> heteronyms_;  ///< in lower case
};

/// End of the word that begins at `at`: letters (ASCII and U+00C0 to U+017E), then perhaps an
/// apostrophe and one or two letters. @return `at` if none begins there
size_t arpabet_word_end(std::string_view text, size_t at);

}  // namespace vl::text
