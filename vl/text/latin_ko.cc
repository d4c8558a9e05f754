#include "vl/text/latin_ko.h"

#include <algorithm>
#include <array>
#include <map>

#include "vl/core/error.h"
#include "vl/text/hangul.h"
#include "vl/text/list_lines.h"

namespace vl::text {

namespace {

bool lower(char32_t c) { return c >= U'a' && c <= U'z'; }
bool upper(char32_t c) { return c >= U'A' && c <= U'Z'; }
bool word_char(char32_t c) { return lower(c) || upper(c) || (c >= U'0' && c <= U'9'); }

std::u32string lowered(std::u32string_view word) {
  std::u32string out(word);
  for (char32_t& c : out)
    if (upper(c)) c += U'a' - U'A';
  return out;
}

bool has_vowel(std::u32string_view word) {
  return word.find_first_of(U"aeiouyAEIOUY") != std::u32string_view::npos;
}

/// Phones that letters stand for where the dictionary has no word: one letter or pair at a time.
std::vector<std::string> guess_phones(const std::string& word) {
  static const std::map<std::string, std::vector<std::string>> kPairs = {
      {"ch", {"ch"}},     {"sh", {"sh"}},  {"th", {"th"}},  {"ph", {"f"}},   {"ck", {"k"}},
      {"qu", {"k", "w"}}, {"ee", {"iy1"}}, {"oo", {"uw1"}}, {"ea", {"iy1"}}, {"ou", {"aw1"}},
      {"ow", {"ow1"}},    {"ai", {"ey1"}}, {"ay", {"ey1"}}, {"ng", {"ng"}},  {"er", {"er0"}},
      {"ll", {"l"}},      {"ss", {"s"}},   {"tt", {"t"}},   {"pp", {"p"}},   {"nn", {"n"}},
      {"mm", {"m"}},      {"rr", {"r"}},   {"ff", {"f"}},   {"dd", {"d"}},   {"gg", {"g"}}};
  static const std::map<char, std::vector<std::string>> kLetters = {
      {'a', {"aa1"}}, {'b', {"b"}}, {'c', {"k"}},  {'d', {"d"}},      {'e', {"eh1"}},
      {'f', {"f"}},   {'g', {"g"}}, {'h', {"hh"}}, {'i', {"ih1"}},    {'j', {"jh"}},
      {'k', {"k"}},   {'l', {"l"}}, {'m', {"m"}},  {'n', {"n"}},      {'o', {"ow1"}},
      {'p', {"p"}},   {'q', {"k"}}, {'r', {"r"}},  {'s', {"s"}},      {'t', {"t"}},
      {'u', {"uw1"}}, {'v', {"v"}}, {'w', {"w"}},  {'x', {"k", "s"}}, {'y', {"iy0"}},
      {'z', {"z"}}};
  std::vector<std::string> out;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool silent = word[i] == 'e' && i + 1 == word.size() && out.size() > 2;
    if (const auto pair = kPairs.find(word.substr(i, 2)); pair != kPairs.end()) {
      out.insert(out.end(), pair->second.begin(), pair->second.end());
      ++i;
    } else if (const auto one = kLetters.find(word[i]); one != kLetters.end() && !silent) {
      out.insert(out.end(), one->second.begin(), one->second.end());
    }
  }
  return out;
}

}  // namespace

std::u32string_view letter_name(char32_t letter) {
  static constexpr std::array<std::u32string_view, 26> kNames = {
      U"에이", U"비",   U"씨", U"디",   U"이",     U"에프", U"지",   U"에이치", U"아이",
      U"제이", U"케이", U"엘", U"엠",   U"엔",     U"오",   U"피",   U"큐",     U"알",
      U"에스", U"티",   U"유", U"브이", U"더블유", U"엑스", U"와이", U"제트"};
  return kNames[(letter | 0x20U) - U'a'];
}

LatinReader::LatinReader(const std::string& list, std::shared_ptr<const Lexicon> cmudict)
    : cmudict_(std::move(cmudict)) {
  each_line(list, [&](std::string_view line, long number) {
    const size_t tab = line.find('\t');
    if (tab == 0 || tab == std::string_view::npos || tab + 1 == line.size())
      throw Error(Code::kBadLexicon, "needs a word, a tab and its reading",
                  Where{.file = list, .line = number});
    const std::u32string word = to_u32(line.substr(0, tab));
    longest_ = std::max(longest_, word.size());
    list_[word] = to_u32(line.substr(tab + 1));
  });
}

size_t LatinReader::listed(std::u32string_view text, std::u32string& reading) const {
  for (size_t n = std::min(longest_, text.size()); n > 0; --n) {
    if (n < text.size() && word_char(text[n]) && word_char(text[n - 1])) continue;
    const std::u32string word(text.substr(0, n));
    auto found = list_.find(word);
    const bool acronym = n <= 3 && std::none_of(word.begin(), word.end(), lower);
    if (found == list_.end() && !acronym) found = list_.find(lowered(word));
    if (found == list_.end()) continue;
    reading = found->second;
    return n;
  }
  return 0;
}

std::u32string LatinReader::read(std::u32string_view word) const {
  const bool capitals = std::none_of(word.begin(), word.end(), lower);
  const bool spelled = word.size() == 1 || (capitals && word.size() <= 5) || !has_vowel(word);
  std::u32string out;
  if (!spelled) {
    const std::string plain = to_utf8(lowered(word));
    const auto found = cmudict_ ? cmudict_->find(plain) : std::vector<std::vector<std::string>>{};
    out = phones_to_hangul(found.empty() ? guess_phones(plain) : found.front());
  }
  if (out.empty())
    for (const char32_t c : word)
      if (upper(c) || lower(c)) out += letter_name(c);
  return out;
}

}  // namespace vl::text
