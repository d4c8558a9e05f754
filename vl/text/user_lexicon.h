#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vl::text {

/// One line of a user's pronunciation list.
struct LexiconEntry {
  std::string word, reading;
  bool is_ipa = false;     ///< the reading is IPA (written between slashes)
  bool is_phones = false;  ///< the reading is phones of the language (written between braces)
  std::string language = "*", voice = "*";
  std::string file = {};  ///< where it was written, for messages
  long line = 0;
};

/// Refuses a reading where it is used: "own.tsv line 3: the reading of "word" WHY".
/// @throws Error(kBadLexicon) with file and line
[[noreturn]] void refuse_reading(const LexiconEntry& entry, const std::string& why);

/// Pronunciations given by the user (`--lexicon FILE`, `[[lexicon]]` of a pack), for any language.
///
/// Files are UTF-8, one entry a line, fields apart by tabs, or by commas where the line has no tab
/// (a field may then be quoted, "" is a quote). Empty lines and lines that begin with # are
/// skipped.
///   word, language, voice or *, reading        the form of the command line contract
///   word, reading                              the same for every language and voice
/// Readings: a respelling in the script of the language (Korean: Hangul), {HH AH0 L OW1} for phones
/// (English: ARPAbet), /hʌloʊ/ for IPA. Of two entries for a word the later one counts.
class UserLexicon {
 public:
  /// @throws Error(kNotFound); Error(kBadText) for text that is not UTF-8; Error(kBadLexicon) with
  /// file and line: "3 fields, needs 4", an empty field, an open brace or slash
  void add_file(const std::string& path);
  /// Entries of text that was read already. @param name stands in messages
  void add_text(const std::string& text, const std::string& name);
  void add(LexiconEntry entry);

  /// The entries that hold for a language and a voice; "" is any voice.
  UserLexicon only(const std::string& language, const std::string& voice) const;

  /// The longest entry whose word stands in the text at byte `at`, where a word begins and where
  /// the entry does not end inside one. Letters of alphabets make words with each other (case of
  /// ASCII letters does not matter). Hangul words begin anywhere but after Hangul and may be
  /// followed by it (particles). Kana and Chinese characters have no word starts: every place is
  /// one.
  /// @param length bytes of the text that the entry covers
  /// @return nullptr: none
  const LexiconEntry* match(std::string_view text, size_t at, size_t& length) const;

  const std::vector<LexiconEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<LexiconEntry> entries_;
  std::unordered_map<std::string, size_t> by_word_;  ///< ASCII letters in lower case
  size_t longest_ = 0;                               ///< bytes
};

}  // namespace vl::text
