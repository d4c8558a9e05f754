#include "vl/text/bopomofo_ipa.h"

#include <array>
#include <unordered_map>
#include <vector>

#include "vl/text/ascii_fold.h"
#include "vl/text/utf8_text.h"

namespace vl::text {

namespace {

using Codes = std::vector<uint32_t>;
using Symbols = std::unordered_map<std::string_view, std::string_view>;

/// a to z.
constexpr std::array<const char*, 26> kLetters = {"ㄟˉ",
                                                  "ㄅㄧˋ",
                                                  "ㄙㄧˉ",
                                                  "ㄉㄧˋ",
                                                  "ㄧˋ",
                                                  "ㄝˊㄈㄨˋ",
                                                  "ㄐㄧˋ",
                                                  "ㄝˇㄑㄩˋ",
                                                  "ㄞˋ",
                                                  "ㄐㄟˋ",
                                                  "ㄎㄟˋ",
                                                  "ㄝˊㄛˋ",
                                                  "ㄝˊㄇㄨˋ",
                                                  "ㄣˉ",
                                                  "ㄡˉ",
                                                  "ㄆㄧˉ",
                                                  "ㄎㄧㄡˉ",
                                                  "ㄚˋ",
                                                  "ㄝˊㄙˋ",
                                                  "ㄊㄧˋ",
                                                  "ㄧㄡˉ",
                                                  "ㄨㄧˉ",
                                                  "ㄉㄚˋㄅㄨˋㄌㄧㄡˋ",
                                                  "ㄝˉㄎㄨˋㄙˋ",
                                                  "ㄨㄞˋ",
                                                  "ㄗㄟˋ"};

/// Syllable parts of two signs; they go before single signs.
const Symbols kPairs = {{"ㄅㄛ", "p⁼wo"}, {"ㄆㄛ", "pʰwo"}, {"ㄇㄛ", "mwo"}, {"ㄈㄛ", "fwo"},
                        {"ㄧㄢ", "jɛn"},  {"ㄩㄢ", "ɥæn"},  {"ㄧㄣ", "in"},  {"ㄩㄣ", "ɥn"},
                        {"ㄧㄥ", "iŋ"},   {"ㄨㄥ", "ʊŋ"},   {"ㄩㄥ", "jʊŋ"}};
const Symbols kSingles = {
    {"ㄅ", "p⁼"},  {"ㄆ", "pʰ"},  {"ㄇ", "m"},    {"ㄈ", "f"},    {"ㄉ", "t⁼"}, {"ㄊ", "tʰ"},
    {"ㄋ", "n"},   {"ㄌ", "l"},   {"ㄍ", "k⁼"},   {"ㄎ", "kʰ"},   {"ㄏ", "x"},  {"ㄐ", "tʃ⁼"},
    {"ㄑ", "tʃʰ"}, {"ㄒ", "ʃ"},   {"ㄓ", "ts`⁼"}, {"ㄔ", "ts`ʰ"}, {"ㄕ", "s`"}, {"ㄖ", "ɹ`"},
    {"ㄗ", "ts⁼"}, {"ㄘ", "tsʰ"}, {"ㄙ", "s"},    {"ㄚ", "a"},    {"ㄛ", "o"},  {"ㄜ", "ə"},
    {"ㄝ", "ɛ"},   {"ㄞ", "aɪ"},  {"ㄟ", "eɪ"},   {"ㄠ", "ɑʊ"},   {"ㄡ", "oʊ"}, {"ㄢ", "an"},
    {"ㄣ", "ən"},  {"ㄤ", "ɑŋ"},  {"ㄥ", "əŋ"},   {"ㄦ", "əɻ"},   {"ㄧ", "i"},  {"ㄨ", "u"},
    {"ㄩ", "ɥ"},   {"ˉ", "→"},    {"ˊ", "↑"},     {"ˇ", "↓↑"},    {"ˋ", "↓"},   {"˙", ""},
    {"，", ","},   {"。", "."},   {"！", "!"},    {"？", "?"},    {"—", "-"}};

/// a..z for a letter of either case, and for the four signs that equal one when case is ignored
/// (dotted and dotless i, the Kelvin sign, the long s); else 0.
uint32_t letter_of(uint32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 'a' - 'A';
  if (c >= 'a' && c <= 'z') return c;
  if (c == 0x130 || c == 0x131) return 'i';
  if (c == 0x212A) return 'k';
  return c == 0x17F ? 's' : 0;
}

std::string to_symbols(const Utf8Text& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size()) {
      if (const auto pair = kPairs.find(text.slice(i, i + 2)); pair != kPairs.end()) {
        out += pair->second;
        ++i;
        continue;
      }
    }
    const auto single = kSingles.find(text.slice(i, i + 1));
    out += single == kSingles.end() ? text.slice(i, i + 1) : single->second;
  }
  return out;
}

/// i before a, o, e is j; u before a, o, ə, e is w.
void close_glides(Codes& codes) {
  for (size_t i = 0; i + 1 < codes.size(); ++i) {
    const uint32_t next = codes[i + 1];
    const bool open = next == 'a' || next == 'o' || next == 'e';
    if (codes[i] == 'i' && open) codes[i] = 'j';
    if (codes[i] == 'u' && (open || next == U'ə')) codes[i] = 'w';
  }
}

/// Where a syllable's consonant is all it has: before a tone or a blank, or at the end of the text
/// (a newline there does not count).
bool ends_bare(const Codes& codes, size_t at) {
  if (at >= codes.size()) return true;
  const uint32_t c = codes[at];
  return c == U'→' || c == U'↓' || c == U'↑' || c == ' ' || (c == '\n' && at + 1 == codes.size());
}

/// Adds `vowel` after each bare consonant: `at(i)` is the length of the consonant at i without its
/// aspiration mark, 0 for none.
template <class Consonant>
Codes add_vowels(const Codes& codes, const Consonant& length_at, const Codes& vowel) {
  Codes out;
  for (size_t i = 0; i < codes.size();) {
    size_t end = i + length_at(codes, i);
    const bool consonant = end > i;
    if (consonant && end < codes.size() && (codes[end] == U'⁼' || codes[end] == U'ʰ')) ++end;
    if (!consonant) ++end;
    out.insert(out.end(), codes.begin() + static_cast<std::ptrdiff_t>(i),
               codes.begin() + static_cast<std::ptrdiff_t>(end));
    if (consonant && ends_bare(codes, end)) out.insert(out.end(), vowel.begin(), vowel.end());
    i = end;
  }
  return out;
}

size_t retroflex_at(const Codes& codes, size_t i) {
  const bool here = codes[i] == 's' || codes[i] == U'ɹ';
  return here && i + 1 < codes.size() && codes[i + 1] == '`' ? 2 : 0;
}

size_t sibilant_at(const Codes& codes, size_t i) { return codes[i] == 's' ? 1 : 0; }

}  // namespace

std::string latin_to_bopomofo(const std::string& text) {
  std::string out;
  for (const uint32_t c : decode_utf8(text)) {
    if (const uint32_t letter = letter_of(c); letter != 0)
      out += kLetters[letter - 'a'];
    else
      append_utf8(out, c);
  }
  return out;
}

std::string bopomofo_to_ipa(const std::string& text) {
  Codes codes = decode_utf8(to_symbols(Utf8Text(text)));
  close_glides(codes);
  codes = add_vowels(codes, retroflex_at, {U'ɹ', '`'});
  Codes plain;
  for (const uint32_t c : codes) {
    plain.push_back(c == U'ɻ' ? U'ɹ' : c);
    if (c == U'ɻ') plain.push_back('`');
  }
  std::string out;
  for (const uint32_t c : add_vowels(plain, sibilant_at, {U'ɹ'})) append_utf8(out, c);
  return out;
}

}  // namespace vl::text
