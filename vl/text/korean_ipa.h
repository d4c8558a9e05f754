#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vl/text/korean_words.h"
#include "vl/text/normalise_ko.h"
#include "vl/text/user_lexicon.h"

namespace vl::text {

/// Korean text as VALL-E X's symbols. The public model has no Korean; packs that declare it are
/// trained with this front end. Text is normalised (normalise_ko.h), words are found
/// (korean_words.h), the Standard Pronunciation rules apply within a phrase, that is up to a mark
/// (korean_sound.h), and jamo become symbols (korean_symbols.h). Const: one serves any number of
/// threads.
class KoreanFrontEnd {
 public:
  /// @param folder exceptions.tsv, sino.txt, stems.txt, l_words.txt, hanja.txt and latin.tsv
  /// (assets/text/ko)
  /// @param lexicon readings that go first; entries for other languages than ko are left out
  /// (those of other voices are not: narrow it with UserLexicon::only)
  /// @param cmudict for Latin words without an entry in latin.tsv; null: they are read by letters
  /// @throws Error(kNotFound, kBadLexicon); kBadLexicon names the line of a user reading that is
  /// neither Hangul nor IPA of VALL-E X's symbols
  explicit KoreanFrontEnd(const std::string& folder, const UserLexicon* lexicon = nullptr,
                          std::shared_ptr<const Lexicon> cmudict = nullptr);

  /// Symbols with single blanks and the marks , . ! ? … ~; a final mark is not added. Empty for
  /// text without anything to say (a lone mark is nothing to say).
  /// @throws Error(kBadText) for text that is not UTF-8
  std::string ipa(const std::string& text) const;
  /// Hangul as it is spoken ("굳이" -> "구지"), with the same blanks and marks. User readings in
  /// IPA stay IPA. @throws as ipa
  std::string pronounced(const std::string& text) const;
  /// Only the first step: numbers, Latin letters and signs in Hangul. @throws as ipa
  std::string normalised(const std::string& text) const;

 private:
  /// A phrase of words, a user's IPA or a mark.
  struct Piece {
    std::vector<KoreanWord> words;
    std::string plain;
    bool mark = false, blank_before = false;
  };

  std::u32string prepare(const std::string& text) const;
  std::vector<Piece> split(const std::u32string& prepared) const;
  std::string spell(const std::string& text, bool symbols) const;
  void check_readings() const;

  KoreanWords words_;
  KoreanNormaliser normaliser_;
  UserLexicon lexicon_;
};

}  // namespace vl::text
