#include <array>

#include "vl/text/ascii_fold.h"
#include "vl/text/japanese_mora.h"
#include "vl/text/njd.h"

namespace vl::text::njd {

namespace {

constexpr std::array<std::string_view, 26> kLetters = {
    "エー",   "ビー",   "シー", "ディー", "イー",       "エフ",     "ジー", "エイチ", "アイ",
    "ジェー", "ケー",   "エル", "エム",   "エヌ",       "オー",     "ピー", "キュー", "アール",
    "エス",   "ティー", "ユー", "ブイ",   "ダブリュー", "エックス", "ワイ", "ズィー"};
constexpr size_t kKana = 3;  // bytes of a kana and of a full-width letter in UTF-8
constexpr std::string_view kLong = "ー", kPause = "、", kQuestion = "？", kFiller = "フィラー";

/// How the start of a text is spelled out; no bytes where it is neither kana nor a letter.
struct Spelling {
  std::string pron;
  int moras = 0;
  size_t bytes = 0;
};

int count_moras(std::string_view pron) {
  int count = 0;
  for (size_t at = 0; at < pron.size(); ++count) {
    const Mora* mora = find_mora(pron.substr(at));
    at += mora == nullptr ? kKana : mora->kana.size();
  }
  return count;
}

/// Up to two kana in katakana.
std::string as_katakana(std::string_view text) {
  std::string out;
  for (const uint32_t c : decode_utf8(std::string(text)))
    append_utf8(out, c >= 0x3041 && c <= 0x3096 ? c + 0x60 : c);
  return out;
}

uint32_t code_of(std::string_view kana) { return decode_utf8(std::string(kana)).front(); }

Spelling spell_kana(std::string_view text) {
  const bool two = text.size() >= 2 * kKana && (text[kKana] & '\xF0') == '\xE0';
  const bool hiragana = code_of(text.substr(0, kKana)) < 0x30A0;
  std::string kana = as_katakana(text.substr(0, two ? 2 * kKana : kKana));
  // A mora never mixes the two scripts.
  if (two && (code_of(text.substr(kKana, kKana)) < 0x30A0) != hiragana) kana.resize(kKana);
  const Mora* mora = find_mora(kana);
  if (mora != nullptr && mora->rare) mora = find_mora(kana = kana.substr(0, kKana));
  if (mora == nullptr || mora->rare) return {};
  return {std::string(mora->kana), 1, mora->kana.size()};
}

Spelling spell(std::string_view text) {
  if (text.size() < kKana || (text[0] & '\xF0') != '\xE0') return {};
  if (text.substr(0, kKana) == kLong) return {std::string(kLong), 1, kKana};
  const uint32_t code = code_of(text.substr(0, kKana));
  for (const uint32_t first : {0xFF21U, 0xFF41U})  // Ａ, ａ
    if (code >= first && code < first + kLetters.size()) {
      const std::string_view pron = kLetters[code - first];
      return {std::string(pron), count_moras(pron), kKana};
    }
  return spell_kana(text);
}

void spell_word(Word& word) {
  std::string pron;
  for (size_t at = 0; at < word.surface.size();) {
    const Spelling s = spell(std::string_view(word.surface).substr(at));
    pron += s.pron;
    word.moras += s.moras;
    at += s.bytes == 0 ? 1 : s.bytes;
  }
  word.reading = word.pron = kNothing;
  if (word.moras != 0) {
    word.pos = kFiller;
    word.group1 = word.group2 = word.group3 = kNothing;
    word.reading = word.pron = pron;
  } else if (word.surface == kQuestion) {
    word.reading = word.pron = kQuestion;
  } else {
    word.reading = word.pron = kPause;
    word.pos = "記号";
  }
}

/// Single moras and letters in a row become one word.
void chain_fillers(Words& words) {
  Word* head = nullptr;
  for (Word& word : words) {
    if (word.pos != kFiller || spell(word.surface).bytes != word.surface.size()) {
      head = nullptr;
    } else if (head == nullptr) {
      head = &word;
    } else {
      head->surface += word.surface;
      head->reading += word.reading;
      head->pron += word.pron;
      head->moras += word.moras;
      word.pron = kNothing;
    }
  }
  remove_silent(words);
}

}  // namespace

void set_pronunciation(Words& words) {
  for (Word& word : words)
    if (word.moras == 0) spell_word(word);
  remove_silent(words);
  chain_fillers(words);
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto next = std::next(word);
    if (next == words.end()) break;
    const bool auxiliary = word->pos == "助動詞";
    if (next->pron == "ウ" && next->pos == "助動詞" && (auxiliary || word->pos == "動詞") &&
        word->moras > 0)
      next->pron = kLong;
    if (auxiliary && next->surface == kQuestion) {
      if (word->surface == "です") word->pron = "デス";
      if (word->surface == "ます") word->pron = "マス";
    }
  }
}

}  // namespace vl::text::njd
