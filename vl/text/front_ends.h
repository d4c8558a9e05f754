#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vl/text/chinese_ipa.h"
#include "vl/text/japanese_ipa.h"
#include "vl/text/korean_ipa.h"
#include "vl/text/lexicon.h"
#include "vl/text/user_lexicon.h"

namespace vl::text {

/// The text front ends of all languages with the user's pronunciations. Each loads its tables when
/// it is first used; from then on one object serves any number of threads.
class FrontEnds {
 public:
  /// @param assets the program's assets: text/cmudict-0.7b, text/zh, text/ko
  /// @param lexicon narrowed to the voice that speaks (UserLexicon::only)
  explicit FrontEnds(std::string assets, const UserLexicon& lexicon = {});

  /// Symbols of a text in one language, blanks between words, without the final mark; words that
  /// the dictionary lacks stay with a "*" (English).
  /// @param language en, zh, ja or ko
  /// @param unknown receives those words; may be null
  /// @throws Error(kLanguageNotOffered) for another language; Error(kBadText); Error(kBadLexicon)
  /// for a reading of the user's in another form than the language has; as the front ends' tables
  std::string ipa(const std::string& text, const std::string& language,
                  std::vector<std::string>* unknown) const;
  /// The text as words before they become sounds: numbers, abbreviations and signs read out
  /// (English, Korean); other languages as they are. @throws as ipa
  std::string normalised(const std::string& text, const std::string& language) const;
  /// The CMU dictionary. @throws Error(kNotFound, kBadLexicon)
  const Lexicon& dictionary() const { return *shared_dictionary(); }
  std::shared_ptr<const Lexicon> shared_dictionary() const;

 private:
  template <class T>
  struct Lazy {
    std::once_flag once;
    std::shared_ptr<const T> value;
  };
  const ChineseFrontEnd& chinese() const;
  const JapaneseFrontEnd& japanese() const;
  const KoreanFrontEnd& korean() const;
  std::string english(const std::string& text, std::vector<std::string>* unknown) const;
  template <class Speak>
  std::string around_readings(const std::string& text, const std::string& language,
                              const Speak& speak) const;

  /// The user's entries that hold for a language.
  const UserLexicon& readings(const std::string& language) const;

  std::string assets_;
  std::map<std::string, UserLexicon> readings_;  ///< by language
  mutable Lazy<Lexicon> dictionary_;
  mutable Lazy<ChineseFrontEnd> chinese_;
  mutable Lazy<JapaneseFrontEnd> japanese_;
  mutable Lazy<KoreanFrontEnd> korean_;
};

}  // namespace vl::text
