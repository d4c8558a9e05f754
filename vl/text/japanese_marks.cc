#include "vl/text/japanese_marks.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "vl/text/ascii_fold.h"

namespace vl::text {

namespace {

struct Range {
  uint32_t first, last;
};

constexpr std::array<Range, 8> kJapanese = {{{'A', 'Z'},
                                             {'a', 'z'},
                                             {0x3005, 0x3005},
                                             {0x3040, 0x30FF},
                                             {0x4E00, 0x9FFF},
                                             {0xFF21, 0xFF3A},
                                             {0xFF41, 0xFF5A},
                                             {0xFF66, 0xFF9D}}};

/// The zeros of Unicode 14; nine more digits follow each.
constexpr std::array<uint32_t, 66> kZeros = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
    0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,
    0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
    0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

/// Consecutive characters and their blank-separated forms; a single form serves all.
struct Forms {
  uint32_t first, last;
  std::string_view ascii;
};

constexpr std::array kForms = std::to_array<Forms>({
    {0x00A1, 0x00A2, "! C/"},
    {0x00A6, 0x00A8, "| SS \""},
    {0x00AC, 0x00AC, "!"},
    {0x00AF, 0x00AF, "-"},
    {0x00B1, 0x00B1, "+-"},
    {0x00B4, 0x00B6, "' u P"},
    {0x00B8, 0x00B8, ","},
    {0x00BF, 0x00BF, "?"},
    {0x0391, 0x03A1, "A B G D E Z E Th I K L M N Ks O P R"},
    {0x03A3, 0x03A9, "S T U Ph Kh Ps O"},
    {0x03B1, 0x03C9, "a b g d e z e th i k l m n x o p r s s t u ph kh ps o"},
    {0x0401, 0x0401, "Io"},
    {0x0410, 0x042F, "A B V G D E Zh Z I I K L M N O P R S T U F Kh Ts Ch Sh Shch ' Y ' E Iu Ia"},
    {0x0430, 0x044F, "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh shch ' y ' e iu ia"},
    {0x0451, 0x0451, "io"},
    {0x2016, 0x2016, "||"},
    {0x2020, 0x2021, "+ ++"},
    {0x2030, 0x2030, "%0"},
    {0x203B, 0x203B, "*"},
    {0x203E, 0x203E, "-"},
    {0x2103, 0x2103, "degC"},
    {0x2109, 0x2109, "degF"},
    {0x2153, 0x215E, "1/3 2/3 1/5 2/5 3/5 4/5 1/6 5/6 1/8 3/8 5/8 7/8"},
    {0x2190, 0x2199, "- | - | - | \\ / \\ /"},
    {0x21D0, 0x21D5, "= | = | = |"},
    {0x21E6, 0x21E9, "- | - |"},
    {0x2212, 0x2212, "-"},
    {0x2260, 0x2260, ""},
    {0x2264, 0x2267, "<= >= <= >="},
    {0x2500, 0x250B, "- - | | - - | | - - | |"},
    {0x250C, 0x254B, "+"},
    {0x2550, 0x2551, "- |"},
    {0x2552, 0x2570, "+"},
    {0x2571, 0x2573, "/ \\ X"},
    {0x2580, 0x2593, "#"},
    {0x25A0, 0x25B1, "#"},
    {0x25B2, 0x25B5, "^"},
    {0x25B6, 0x25BB, ">"},
    {0x25BC, 0x25BF, "V"},
    {0x25C0, 0x25C5, "<"},
    {0x25C6, 0x25E6, "*"},
    {0x25EF, 0x25EF, "O"},
    {0x2660, 0x2667, "spades hearts diamonds clubs spades hearts diamonds clubs"},
    {0x266F, 0x266F, "#"},
    {0x3001, 0x3004, ", . \" [JIS]"},
    {0x3006, 0x300F, "/ 0 < > << >> [ ] { }"},
    {0x3010, 0x301F, "[( )] @ X [ ] [[ ]] (( )) [[ ]] ~ `` '' ,,"},
    {0x3020, 0x3029, "@ 1 2 3 4 5 6 7 8 9"},
    {0x3030, 0x3030, "~"},
    {0x3031, 0x3034, "+"},
    {0x3036, 0x303A, "@ // +10+ +20+ +30+"},
    {0xFE31, 0xFE32, "-- -"},
    {0xFE39, 0xFE44, "[ ] [( )] << >> < > [ ] { }"},
    {0xFF61, 0xFF65, ". [ ] , *"},
    {0xFF9E, 0xFF9F, ": ;"},
    {0xFFE0, 0xFFE6, "/C PS ! - | Y= W="},
    {0xFFE8, 0xFFEE, "| - | - | # O"},
});

constexpr std::string_view kHalfWidthKana =
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤ"
    "ユヨラリルレロワン";
constexpr uint32_t kFirstHalfWidth = 0xFF66;

/// The index-th of blank-separated words; the only one where there is one.
std::string_view word_at(std::string_view words, uint32_t index) {
  if (words.find(' ') == std::string_view::npos) return words;
  for (; index > 0; --index) words.remove_prefix(words.find(' ') + 1);
  return words.substr(0, words.find(' '));
}

}  // namespace

bool is_japanese(uint32_t code) {
  const auto after = std::upper_bound(kZeros.begin(), kZeros.end(), code);
  if (after != kZeros.begin() && code < *std::prev(after) + 10) return true;
  return std::any_of(kJapanese.begin(), kJapanese.end(),
                     [code](const Range& r) { return code >= r.first && code <= r.last; });
}

std::string fold_mark(uint32_t code) {
  if (code < ' ' || code == 0x7F) return {};
  if (code < 0x7F) return code == ' ' ? "" : std::string(1, static_cast<char>(code));
  for (const Forms& f : kForms)
    if (code >= f.first && code <= f.last) return std::string(word_at(f.ascii, code - f.first));
  std::string mark;
  append_utf8(mark, code);
  std::string out = fold_to_ascii(mark);
  std::erase(out, ' ');
  return out;
}

uint32_t widen(uint32_t code) {
  static const std::vector<uint32_t> kana = decode_utf8(std::string(kHalfWidthKana));
  if (code > ' ' && code < 0x7F) return code + 0xFEE0;
  if (code >= kFirstHalfWidth && code < kFirstHalfWidth + kana.size())
    return kana[code - kFirstHalfWidth];
  return code;
}

}  // namespace vl::text
