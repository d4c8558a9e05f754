#include <string_view>
#include <vector>

#include "vl/text/japanese_mora.h"
#include "vl/text/njd.h"

namespace vl::text::njd {

namespace {

constexpr std::string_view kLong = "ー", kQuote = "’", kPause = "、", kQuestion = "？";
constexpr size_t kKana = 3;
enum Voice { kUnknown = -1, kVoiced = 0, kDevoiced = 1 };

struct SpokenMora {
  std::string_view kana;
  const Word* word;
  int voice;
  bool nucleus;  ///< carries the accent of its phrase
};

/// The kana at the start of `pron`; "" where no mora is.
std::string_view mora_at(std::string_view pron) {
  if (pron == kPause || pron == kQuestion || pron.starts_with(kLong)) return pron.substr(0, kKana);
  const Mora* mora = find_mora(pron);
  if (mora != nullptr && mora->rare) mora = find_mora(pron.substr(0, kKana));
  return mora == nullptr || mora->rare ? std::string_view() : mora->kana;
}

/// All moras up to the first word whose pron has something else; `end` becomes that word.
std::vector<SpokenMora> split_moras(const Words& words, Words::const_iterator& end) {
  std::vector<SpokenMora> out;
  int index = -1, accent = 0;
  for (end = words.begin(); end != words.end(); ++end) {
    if (end->chained != 1) index = -1, accent = end->accent;
    const bool mark = end->pron == kPause || end->pron == kQuestion;
    for (std::string_view rest = end->pron; !rest.empty();) {
      const std::string_view kana = mora_at(rest);
      if (kana.empty()) return out;
      rest.remove_prefix(kana.size());
      const bool quoted = rest.starts_with(kQuote);
      if (quoted) rest.remove_prefix(kQuote.size());
      ++index;
      out.push_back({kana, &*end,
                     mark     ? kVoiced
                     : quoted ? kDevoiced
                              : kUnknown,
                     accent == index + 1});
    }
  }
  return out;
}

bool among(std::string_view kana, std::string_view list) {
  for (; !list.empty(); list.remove_prefix(kKana))
    if (list.substr(0, kKana) == kana) return true;
  return false;
}

/// i and u between voiceless consonants: kDevoiced or kVoiced; kUnknown for other moras.
int between_voiceless(const SpokenMora& mora, const SpokenMora* next) {
  constexpr std::string_view kK = "カキクケコ", kS = "サシスセソ", kT = "タチツテト",
                             kH = "ハヒフヘホ", kP = "パピプペポ";
  const auto followed = [next](std::initializer_list<std::string_view> rows) {
    for (const std::string_view row : rows)
      if (next != nullptr && among(next->kana.substr(0, kKana), row)) return kDevoiced;
    return kVoiced;
  };
  for (const std::string_view s : {"ス", "スィ"})
    if (mora.kana == s) return followed({kK, kT, kH, kP});
  for (const std::string_view h : {"フィ", "ヒ", "フ"})
    if (mora.kana == h) return followed({kK, kS, kT, kP});
  for (const std::string_view other : {"キュ", "シュ", "チュ", "ツィ", "ヒュ", "ピュ", "テュ",
                                       "トゥ", "ティ", "キ", "ク", "シ", "チ", "ツ", "ピ", "プ"})
    if (mora.kana == other) return followed({kK, kS, kT, kH, kP});
  return next == nullptr ? kVoiced : kUnknown;
}

/// す of です and ます at the end of its word.
void look_for_desu(const SpokenMora& m1, SpokenMora& m2, const SpokenMora& m3) {
  if (m1.word != m2.word || m2.word == m3.word || (m1.kana != "マ" && m1.kana != "デ") ||
      m2.kana != "ス")
    return;
  const std::string& pos = m2.word->pos;
  if (pos != "動詞" && pos != "助動詞" && pos != "感動詞") return;
  m2.voice = m3.word->pron == kQuestion || m3.word->pron == kLong ? kVoiced : kDevoiced;
}

/// し as a word of its own.
void look_for_shi(SpokenMora& m1, SpokenMora& m2, SpokenMora* m3) {
  const std::string& pos = m2.word->pos;
  if (m1.voice == kDevoiced || m2.voice != kUnknown || (m3 != nullptr && m3->voice == kDevoiced) ||
      m2.word->pron != "シ" || (pos != "動詞" && pos != "助動詞" && pos != "助詞"))
    return;
  m2.voice = m2.nucleus ? kVoiced : between_voiceless(m2, m3);
  if (m2.voice != kDevoiced) return;
  if (m1.voice == kUnknown) m1.voice = kVoiced;
  if (m3 != nullptr && m3->voice == kUnknown) m3->voice = kVoiced;
}

}  // namespace

void devoice(Words& words) {
  Words::const_iterator end;
  std::vector<SpokenMora> moras = split_moras(words, end);
  for (size_t i = 0; i < moras.size(); ++i) {
    SpokenMora& m1 = moras[i];
    SpokenMora* m2 = i + 1 < moras.size() ? &moras[i + 1] : nullptr;
    SpokenMora* m3 = i + 2 < moras.size() ? &moras[i + 2] : nullptr;
    if (m2 != nullptr && m3 != nullptr) look_for_desu(m1, *m2, *m3);
    if (m2 != nullptr) look_for_shi(m1, *m2, m3);
    if (m1.voice == kUnknown) {
      const bool voiced =
          m1.word->pos == "フィラー" || (m2 != nullptr && m2->voice == kDevoiced) || m1.nucleus;
      m1.voice = voiced ? kVoiced : between_voiceless(m1, m2);
    }
    // Never two in a row.
    if (m1.voice == kDevoiced && m2 != nullptr && m2->voice == kUnknown) m2->voice = kVoiced;
  }
  auto mora = moras.begin();
  for (auto word = words.begin(); word != end; ++word) {
    std::string pron;
    for (; mora != moras.end() && mora->word == &*word; ++mora) {
      pron += mora->kana;
      if (mora->voice == kDevoiced) pron += kQuote;
    }
    word->pron = pron;
  }
}

}  // namespace vl::text::njd
