#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vl/text/arpabet_words.h"
#include "vl/text/fastpitch_cleaners.h"
#include "vl/text/fastpitch_symbols.h"
#include "vl/text/user_lexicon.h"

namespace vl::text {

/// What a checkpoint's train_setup says of its text.
struct FastPitchTextConfig {
  std::vector<std::string> cleaners = {"english_cleaners_v2"};
  std::string symbol_set = "english_basic";
  double p_arpabet = 1;  ///< share of the words that are read as phones, 0 to 1

  /// @throws Error(kBadValue) for a share outside 0 to 1
  void validate() const;
};

/// Text as the model reads it.
struct FastPitchText {
  std::vector<int64_t> ids;
  std::string cleaned;                     ///< normalised words
  std::string arpabet;                     ///< the same with words as {HH AH0 L OW1}
  std::vector<std::string> unknown_words;  ///< meant as phones, but the dictionary lacks them
};

/// English text to the symbols of FastPitch 1.1 (NVIDIA, text_processing.py): money as words, the
/// text cut at white space and each piece cleaned by itself, words of the CMU dictionary as phones.
/// Text between braces goes through as phones. One object serves any number of threads.
class FastPitchFrontEnd {
 public:
  /// @param assets the program's assets: text/en, and text/cmudict-0.7b if p_arpabet > 0
  /// @param readings go before all rules: a respelling, or phones ({V AA1 K S}, with Z behind them
  /// for 's) that stay phones whatever p_arpabet is
  /// @throws Error(kBadValue) for an unknown cleaner or symbol set, listing the known ones, and as
  /// FastPitchTextConfig::validate; as FastPitchCleaners, ArpabetWords
  /// @param dictionary CMUdict, loaded already, or null
  FastPitchFrontEnd(const std::string& assets, const FastPitchTextConfig& config,
                    const UserLexicon& readings = {},
                    std::shared_ptr<const Lexicon> dictionary = nullptr);

  /// @param seed draws the words that become phones where 0 < p_arpabet < 1, one number a word, as
  /// numpy's global generator does after numpy.random.seed(seed)
  /// @throws Error(kBadText) "nothing to speak in the text", or for text that is not UTF-8;
  /// Error(kBadLexicon) for a reading in IPA or with a phone that ARPAbet lacks
  FastPitchText read(const std::string& text, uint32_t seed = 0) const;
  std::vector<int64_t> ids(const std::string& text, uint32_t seed = 0) const;

  const SymbolSet& symbols() const { return symbols_; }

 private:
  std::string cleaned(const std::string& text) const;
  std::string with_arpabet(const std::string& text, uint32_t seed,
                           std::vector<std::string>& unknown) const;

  FastPitchTextConfig config_;
  SymbolSet symbols_;
  FastPitchCleaners cleaners_;
  std::optional<ArpabetWords> words_;
  UserLexicon readings_;
};

}  // namespace vl::text
