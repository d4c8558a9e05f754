#include "vl/text/arpabet_words.h"

#include <algorithm>
#include <vector>

#include "vl/core/file.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/char_class.h"
#include "vl/text/fastpitch_symbols.h"

namespace vl::text {

namespace {

std::unordered_set<std::string> read_lines(const std::string& path) {
  const std::string text = clean_text(read_file(path), path);
  std::unordered_set<std::string> out;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    out.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// Capitals in Latin-1, which is the dictionary's encoding; other letters as "?".
std::string dictionary_key(std::string_view word) {
  constexpr uint32_t kSharpS = 0xDF, kDivision = 0xF7, kDotlessI = 0x131;
  std::string out;
  for (const uint32_t c : decode_utf8(std::string(word))) {
    const bool small = (c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != kDivision);
    if (c == kSharpS)
      out += "SS";
    else if (c == kDotlessI)
      out += 'I';
    else
      out += c < 0xFF ? static_cast<char>(small ? c - 0x20 : c) : '?';
  }
  return out;
}

/// One pronunciation, in capitals. @return "" if a phone is no symbol
std::string spoken(const std::vector<std::string>& phones) {
  std::string out;
  for (std::string phone : phones) {
    for (char& c : phone) c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    if (!is_arpabet_phone(phone)) return "";
    out += (out.empty() ? "" : " ") + phone;
  }
  return out;
}

/// Bytes of "'s" or "s" at the end of a word, 0 if there is nothing before it.
size_t ending_length(std::string_view word) {
  if (word.size() < 2 || word.back() != 's') return 0;
  return word.size() > 2 && word[word.size() - 2] == '\'' ? 2 : 1;
}

/// Bytes of the letter at `at`, 0 if there is none. U+00C0 to U+017E are C3 80 to C5 BE.
size_t letter_length(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (is_letter(text[at])) return 1;
  if (at + 1 >= text.size()) return 0;
  const auto lead = static_cast<unsigned char>(text[at]);
  const bool last = lead == 0xC5 && static_cast<unsigned char>(text[at + 1]) > 0xBE;
  return lead >= 0xC3 && lead <= 0xC5 && !last ? 2 : 0;
}

}  // namespace

ArpabetWords::ArpabetWords(const std::string& assets, std::shared_ptr<const Lexicon> dictionary)
    : lexicon_(dictionary != nullptr
                   ? std::move(dictionary)
                   : std::make_shared<const Lexicon>(assets + "/text/cmudict-0.7b")),
      heteronyms_(read_lines(assets + "/text/en/heteronyms.txt")) {}

std::optional<std::string> ArpabetWords::phones(std::string_view word) const {
  std::string small(word);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  if (heteronyms_.count(small) != 0) return std::nullopt;
  std::vector<std::string> found;
  for (const auto& one : lexicon_->find(dictionary_key(word)))
    if (std::string phones = spoken(one); !phones.empty()) found.push_back(std::move(phones));
  if (found.size() == 1) return found.front();
  const size_t ending = ending_length(word);
  if (!found.empty() || ending == 0) return std::nullopt;
  const auto stem = phones(word.substr(0, word.size() - ending));
  if (!stem) return std::nullopt;
  return *stem + " Z";
}

bool ArpabetWords::knows(std::string_view word) const {
  if (!lexicon_->find(dictionary_key(word)).empty()) return true;
  const size_t ending = ending_length(word);
  return ending > 0 && knows(word.substr(0, word.size() - ending));
}

size_t arpabet_word_end(std::string_view text, size_t at) {
  size_t end = at;
  while (const size_t n = letter_length(text, end)) end += n;
  if (end == at || end >= text.size() || text[end] != '\'') return end;
  const size_t first = letter_length(text, end + 1);
  return first == 0 ? end : end + 1 + first + letter_length(text, end + 1 + first);
}

}  // namespace vl::text
