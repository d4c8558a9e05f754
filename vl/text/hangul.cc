#include "vl/text/hangul.h"

#include <array>

#include "vl/text/ascii_fold.h"

namespace vl::text {

namespace {

constexpr uint32_t kFirst = 0xAC00, kLast = 0xD7A3;
constexpr int kVowels = 21, kCodas = 28;
constexpr uint32_t kLoneFirst = 0x3131, kLoneVowel = 0x314F, kLoneLast = 0x3163;

/// Compatibility jamo of each onset and coda.
constexpr std::u32string_view kOnsetLetters = U"ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
constexpr std::u32string_view kCodaLetters =
    U"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";

/// What a code point is while syllables are put together.
struct Part {
  enum Kind { kOther, kOnset, kVowel, kCoda, kDropped } kind = kOther;
  int index = 0;
};

Part part_of(uint32_t c) {
  const int code = static_cast<int>(c);
  if (c >= 0x1100 && c <= 0x1112) return {Part::kOnset, code - 0x1100};
  if (c >= 0x1161 && c <= 0x1175) return {Part::kVowel, code - 0x1161};
  if (c >= 0x11A8 && c <= 0x11C2) return {Part::kCoda, code - 0x11A7};
  const bool archaic = (c >= 0x1100 && c <= 0x11FF) || (c >= 0xA960 && c <= 0xA97F) ||
                       (c >= 0xD7B0 && c <= 0xD7FF) || (c >= 0x3164 && c <= 0x318E) || c == 0xFFA0;
  return {archaic ? Part::kDropped : Part::kOther, 0};
}

/// Half-width letters (U+FFA1..FFDC) as compatibility jamo; anything else as it is.
uint32_t widen(uint32_t c) {
  if (c >= 0xFFA1 && c <= 0xFFBE) return c - 0xFFA1 + kLoneFirst;
  for (const auto& [first, count, vowel] :
       {std::array<uint32_t, 3>{0xFFC2, 6, 0}, {0xFFCA, 6, 6}, {0xFFD2, 6, 12}, {0xFFDA, 3, 18}})
    if (c >= first && c < first + count) return c - first + vowel + kLoneVowel;
  return c;
}

}  // namespace

bool is_syllable(uint32_t code) { return code >= kFirst && code <= kLast; }

Syllable split_syllable(uint32_t code) {
  const int i = static_cast<int>(code - kFirst);
  return {i / (kVowels * kCodas), i / kCodas % kVowels, i % kCodas};
}

uint32_t join_syllable(const Syllable& s) {
  return kFirst + static_cast<uint32_t>((s.onset * kVowels + s.vowel) * kCodas + s.coda);
}

bool is_lone_jamo(uint32_t code) { return code >= kLoneFirst && code <= kLoneLast; }

std::vector<uint32_t> compose_hangul(const std::vector<uint32_t>& codes) {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < codes.size(); ++i) {
    const Part part = part_of(codes[i]);
    const Part next = i + 1 < codes.size() ? part_of(codes[i + 1]) : Part{};
    if (part.kind == Part::kOnset && next.kind == Part::kVowel) {
      out.push_back(join_syllable({part.index, next.index, 0}));
      ++i;
    } else if (part.kind == Part::kOnset) {
      out.push_back(kOnsetLetters[static_cast<size_t>(part.index)]);
    } else if (part.kind == Part::kVowel) {
      out.push_back(kLoneVowel + static_cast<uint32_t>(part.index));
    } else if (part.kind == Part::kCoda) {
      const bool joins = !out.empty() && is_syllable(out.back()) && (out.back() - kFirst) % 28 == 0;
      if (joins)
        out.back() += static_cast<uint32_t>(part.index);
      else
        out.push_back(kCodaLetters[static_cast<size_t>(part.index) - 1]);
    } else if (part.kind == Part::kOther) {
      out.push_back(widen(codes[i]));
    }
  }
  return out;
}

int onset_of_coda(int coda) {
  static constexpr std::array<int, kCodas> kMoved = {
      -1,          onset::G, onset::GG, -1,       onset::N, -1,       -1,
      onset::D,    onset::R, -1,        -1,       -1,       -1,       -1,
      -1,          -1,       onset::M,  onset::B, -1,       onset::S, onset::SS,
      onset::None, onset::J, onset::C,  onset::K, onset::T, onset::P, onset::H};
  return kMoved[static_cast<size_t>(coda)];
}

std::string jamo_name(uint32_t code) {
  static constexpr std::array<const char*, 30> kNames = {
      "기역",   "쌍기역",   "기역시옷", "니은",     "니은지읒", "니은히읗", "디귿",     "쌍디귿",
      "리을",   "리을기역", "리을미음", "리을비읍", "리을시옷", "리을티읕", "리을피읖", "리을히읗",
      "미음",   "비읍",     "쌍비읍",   "비읍시옷", "시옷",     "쌍시옷",   "이응",     "지읒",
      "쌍지읒", "치읓",     "키읔",     "티읕",     "피읖",     "히읗"};
  if (code < kLoneVowel) return kNames[code - kLoneFirst];
  std::string out;
  append_utf8(out, join_syllable({onset::None, static_cast<int>(code - kLoneVowel), 0}));
  return out;
}

std::u32string to_u32(std::string_view text) {
  const std::vector<uint32_t> codes = decode_utf8(std::string(text));
  return {codes.begin(), codes.end()};
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

}  // namespace vl::text
