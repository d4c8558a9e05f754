#include "vl/text/english_ipa.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "vl/text/abbreviations_en.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/numbers_en.h"

namespace vl::text {

namespace {

const std::map<std::string, std::string> kPhones = {
    {"aa", "ɑ"}, {"ae", "æ"}, {"ah", "ə"}, {"ao", "ɔ"},  {"aw", "aʊ"}, {"ay", "aɪ"}, {"b", "b"},
    {"ch", "ʧ"}, {"d", "d"},  {"dh", "ð"}, {"eh", "ɛ"},  {"er", "ər"}, {"ey", "eɪ"}, {"f", "f"},
    {"g", "g"},  {"hh", "h"}, {"ih", "ɪ"}, {"iy", "i"},  {"jh", "ʤ"},  {"k", "k"},   {"l", "l"},
    {"m", "m"},  {"n", "n"},  {"ng", "ŋ"}, {"ow", "oʊ"}, {"oy", "ɔɪ"}, {"p", "p"},   {"r", "r"},
    {"s", "s"},  {"sh", "ʃ"}, {"t", "t"},  {"th", "θ"},  {"uh", "ʊ"},  {"uw", "u"},  {"v", "v"},
    {"w", "w"},  {"y", "j"},  {"z", "z"},  {"zh", "ʒ"}};
const std::set<std::string> kVowels = {"aa", "ae", "ah", "ao", "aw", "ay", "eh", "er",
                                       "ey", "ih", "iy", "ow", "oy", "uh", "uw"};
const std::set<std::string> kStops = {"b", "d", "g", "k", "p", "t"};
const std::set<std::string> kHalting = {"m",  "n", "ng", "dh", "f",  "s", "sh",
                                        "th", "v", "z",  "zh", "er", "w"};  // beside the vowels
const std::set<std::string> kOnsets = {"sp", "st", "sk", "fr", "fl"};
const std::set<std::pair<std::string, std::string>> kTwoSyllables = {
    {"er", "iy"}, {"iy", "ow"}, {"uw", "ow"}, {"iy", "ah"},
    {"iy", "ey"}, {"uw", "eh"}, {"er", "eh"}};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

int syllables(const std::vector<std::string>& p) {
  int count = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (!kVowels.count(p[i])) continue;
    const bool joined =
        i > 0 && kVowels.count(p[i - 1]) != 0 && kTwoSyllables.count({p[i - 1], p[i]}) == 0;
    if (!joined) ++count;
  }
  return count;
}

/// Index of the phone before which the mark of the stressed vowel `vowel` goes.
size_t mark_position(const std::vector<std::string>& p, size_t vowel) {
  for (size_t j = vowel; j-- > 0;) {
    if (!(kHalting.count(p[j]) || kVowels.count(p[j]) || kStops.count(p[j + 1]))) continue;
    if (j + 1 == vowel) return kVowels.count(p[j]) ? vowel : j;
    return kOnsets.count(p[j] + p[j + 1]) ? j : j + 1;
  }
  return 0;
}

}  // namespace

std::string phones_to_ipa(const std::vector<std::string>& phones) {
  std::vector<std::string> base;
  std::vector<char> stress;
  for (const std::string& p : phones) {
    const bool digit = std::isdigit(static_cast<unsigned char>(p.back())) != 0;
    base.push_back(digit ? p.substr(0, p.size() - 1) : p);
    stress.push_back(digit ? p.back() : '\0');
  }
  std::map<size_t, std::string> marks;
  if (syllables(base) > 1)
    for (size_t i = 0; i < base.size(); ++i)
      if (stress[i] == '1' || stress[i] == '2')
        marks[mark_position(base, i)] += stress[i] == '1' ? "ˈ" : "ˌ";
  std::string out;
  for (size_t i = 0; i < base.size(); ++i) {
    if (const auto it = marks.find(i); it != marks.end()) out += it->second;
    if (const auto it = kPhones.find(base[i]); it != kPhones.end()) out += it->second;
  }
  const std::array<std::array<const char*, 2>, 2> moved = {{{"ˈər", "əˈr"}, {"ˈie", "iˈe"}}};
  for (const auto& [from, to] : moved)
    if (out.rfind(from, 0) != 0) replace_all(out, from, to);
  return out;
}

std::string normalise_english(const std::string& text) {
  std::string t = fold_to_ascii(text);
  std::transform(t.begin(), t.end(), t.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return expand_numbers(expand_abbreviations(t, Abbreviations::kVallex));
}

namespace {

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// One blank-separated word with its punctuation.
std::string word_to_ipa(const std::string& token, const Lexicon& lexicon,
                        std::vector<std::string>* unknown,
                        const std::map<std::string, std::string>* readings) {
  const auto punctuation = [](char c) { return std::ispunct(static_cast<unsigned char>(c)) != 0; };
  const auto first = std::find_if_not(token.begin(), token.end(), punctuation);
  if (first == token.end()) return "";
  const auto last = std::find_if_not(token.rbegin(), token.rend(), punctuation).base();
  const std::string core(first, last);
  const std::string before = letter(core.front()) ? std::string(token.begin(), first) : "";
  const std::string after = letter(core.back()) ? std::string(last, token.end()) : "";
  std::set<std::string> forms;
  for (const auto& phones : lexicon.find(core)) forms.insert(phones_to_ipa(phones));
  std::string spoken = core;
  if (readings != nullptr && readings->count(core) != 0) {
    spoken = readings->at(core);
  } else if (!forms.empty()) {
    spoken = *forms.rbegin();  // the last in code-point order, which is UTF-8's byte order
  } else if (!std::all_of(core.begin(), core.end(),
                          [](unsigned char c) { return std::isdigit(c) != 0; })) {
    spoken += "*";
    if (unknown != nullptr) unknown->push_back(core);
  }
  return before + spoken + after;
}

/// l before a run without vowels that ends the word becomes dark; the run is used up.
std::string darken(const std::string& text) {
  static const std::set<uint32_t> kOpen = [] {
    std::set<uint32_t> out;
    for (const uint32_t c : decode_utf8("aeiouæɑɔəɛɪʊ ")) out.insert(c);
    return out;
  }();
  const std::vector<uint32_t> in = decode_utf8(text);
  std::string out;
  for (size_t i = 0; i < in.size(); ++i) {
    size_t end = i + 1;
    while (in[i] == 'l' && end < in.size() && !kOpen.count(in[end])) ++end;
    const bool dark = in[i] == 'l' && (end == in.size() || in[end] == ' ');
    if (!dark) {
      append_utf8(out, in[i]);
      continue;
    }
    out += "ɫ";
    for (size_t k = i + 1; k < end; ++k) append_utf8(out, in[k]);
    i = end - 1;
  }
  return out;
}

}  // namespace

std::string english_to_ipa(const std::string& text, const Lexicon& lexicon,
                           std::vector<std::string>* unknown,
                           const std::map<std::string, std::string>* readings) {
  std::string out, token;
  const auto flush = [&] {
    const std::string w = token.empty() ? "" : word_to_ipa(token, lexicon, unknown, readings);
    if (!w.empty()) out += (out.empty() ? "" : " ") + w;
    token.clear();
  };
  for (const char c : normalise_english(text)) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0)
      flush();
    else
      token += c;
  }
  flush();
  out = darken(out);
  const std::array<std::array<const char*, 2>, 4> last = {
      {{"r", "ɹ"}, {"ʤ", "dʒ"}, {"ʧ", "tʃ"}, {"...", "…"}}};
  for (const auto& [from, to] : last) replace_all(out, from, to);
  return out;
}

}  // namespace vl::text
