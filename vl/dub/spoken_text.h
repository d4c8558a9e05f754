#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/dub/options.h"
#include "vl/text/user_lexicon.h"
#include "vl/weights/packs.h"

namespace vl::dub {

/// The pronunciations of the pack, then those of --lexicon, which go first, for one voice.
/// @throws as UserLexicon::add_file
text::UserLexicon pronunciations(const TextOptions& options, const weights::Pack& pack,
                                 const std::string& voice);

/// What the model would read of a text.
struct Phonemes {
  std::string lang, normalized;
  std::vector<std::string> tokens;
  std::vector<size_t> lines;  ///< where the tokens of each sentence begin
  std::string shown;          ///< for people, line by line; empty: the tokens as they are
  std::vector<int64_t> ids;
  std::vector<std::string> unknown_words;
};
nlohmann::ordered_json to_json(const Phonemes& phonemes);

/// What goes through the model at once: clone speaks sentences, dub one line.
enum class TextUnit { kSentence, kLine };

/// In any language that has a front end, whether a model offers it or not.
/// @param lang auto, mix, or a language
/// @throws Error(kBadText, kLanguageNotOffered, kBadLexicon)
Phonemes show_phonemes(const std::string& text, const std::string& lang, TextUnit unit,
                       const text::UserLexicon& lexicon, const std::string& assets_dir);

}  // namespace vl::dub
