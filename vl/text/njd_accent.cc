#include <algorithm>
#include <array>
#include <cstdlib>

#include "vl/text/njd.h"

namespace vl::text::njd {

namespace {

bool stands_alone(const Word& w) {
  return w.pos == "副詞" || w.pos == "接続詞" || w.pos == "連体詞";
}
bool ancillary(const Word& w) { return w.pos == "助詞" || w.pos == "助動詞"; }
bool noun(const Word& w) { return w.pos == "名詞"; }
bool continuative(const Word& w) { return w.form.starts_with("連用"); }

/// Dependent adjectives and verbs lean on certain forms before them.
bool leans(const Word& before, const Word& word) {
  if (word.group1 != "非自立") return false;
  if (word.pos == "形容詞")
    return ((before.pos == "動詞" || before.pos == "形容詞") && continuative(before)) ||
           (before.pos == "助詞" && before.group1 == "接続助詞" &&
            (before.surface == "て" || before.surface == "で"));
  if (word.pos == "動詞")
    return (before.pos == "動詞" && continuative(before)) ||
           (noun(before) && before.group1 == "サ変接続");
  return false;
}

/// Open JTalk's rules 1 to 18: a later rule overrides an earlier one, so the last ones are asked
/// first.
bool joins(const Word& before, const Word& word) {
  if (word.group1 == "接尾") return true;
  if (noun(before) && word.group3 == "名") return false;
  if (before.group3 == "姓" && noun(word)) return false;
  if (word.pos == "接頭詞") return false;
  if (word.pos == "記号" || before.pos == "記号") return false;
  if (noun(before) && (word.pos == "動詞" || word.pos == "形容詞" || word.group1 == "形容動詞語幹"))
    return false;
  if (leans(before, word)) return true;
  if (before.group1 == "接尾" && noun(word)) return false;
  if (ancillary(word)) return true;
  if (ancillary(before)) return false;
  if ((noun(before) && before.group1 == "副詞可能") || (noun(word) && word.group1 == "副詞可能"))
    return false;
  if (stands_alone(word) || stands_alone(before)) return false;
  if (before.pos == "動詞" && (word.pos == "形容詞" || noun(word))) return false;
  if (noun(before) && before.group1 == "形容動詞語幹" && noun(word)) return false;
  return !(before.pos == "形容詞" && noun(word));
}

struct Rule {
  std::string_view name;
  int shift = 0;
};

/// Of "動詞%F2@1/形容詞%F4@-1/C1" the part for the word before it: named, or without a name.
Rule choose_rule(std::string_view rules, const std::string& pos_before) {
  while (!rules.empty()) {
    std::string_view part = rules.substr(0, rules.find('/'));
    rules.remove_prefix(std::min(part.size() + 1, rules.size()));
    const size_t mark = part.find_first_of("%@");
    if (mark != std::string_view::npos && part[mark] == '%') {
      if (pos_before.find(part.substr(0, mark)) == std::string::npos) continue;
      part.remove_prefix(mark + 1);
    }
    const size_t end = std::min(part.find_first_of("%@"), part.size());
    const bool shifted = end < part.size() && part[end] == '@';
    return {part.substr(0, end),
            shifted ? std::atoi(std::string(part.substr(end + 1)).c_str()) : 0};
  }
  return {kNothing};
}

/// The phrase's accent after `word` has joined it with `moras` moras before.
int joined_accent(const Rule& rule, int accent, int moras, const Word& word) {
  const std::string_view name = rule.name;
  const int shifted = moras + rule.shift, own = moras + word.accent;
  if (name == "F2") return accent == 0 ? shifted : accent;
  if (name == "F3") return accent != 0 ? shifted : accent;
  if (name == "F4") return shifted;
  if (name == "F5" || name == "C4" || name == "P6") return 0;
  if (name == "C1") return own;
  if (name == "C2") return moras + 1;
  if (name == "C3") return moras;
  if (name == "P1") return word.accent == 0 ? 0 : own;
  if (name == "P2") return word.accent == 0 ? moras + 1 : own;
  if (name == "P14") return word.accent != 0 ? own : accent;
  return accent;
}

template <size_t N>
bool one_of(const std::string& text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

constexpr std::array<std::string_view, 9> kOneToNine = {"一", "二", "三", "四", "五",
                                                        "六", "七", "八", "九"};

/// Accent of `digit` before the power of ten `power`; `after` follows that, or nothing.
int accent_before_power(const Word& digit, const Word& power, const Word* after) {
  const std::string &d = digit.surface, &p = power.surface;
  if (p == "十") {
    const bool flat = one_of(d, std::to_array<std::string_view>({"五", "六", "八"}));
    return flat && after != nullptr && one_of(after->surface, kOneToNine) ? 0 : 1;
  }
  if (p == "百") {
    if (d == "七") return 2;
    return one_of(d, std::to_array<std::string_view>({"三", "四", "九", "何"}))
               ? 1
               : digit.moras + power.moras;
  }
  if (p == "千" || p == "万") return digit.moras + 1;
  if (p == "億")
    return one_of(d, std::to_array<std::string_view>({"一", "六", "七", "八", "幾"})) ? 2 : 1;
  if (p == "兆") return d == "六" || d == "七" ? 2 : 1;
  return digit.accent;
}

}  // namespace

void join_phrases(Words& words) {
  for (auto word = words.begin(); word != words.end(); ++word)
    if (word != words.begin() && word->chained < 0)
      word->chained = joins(*std::prev(word), *word) ? 1 : 0;
}

void set_accents(Words& words) {
  Word* top = nullptr;
  int moras = 0;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto next = std::next(word);
    const bool first = word == words.begin();
    if (first || word->chained != 1) {
      top = &*word;
      moras = 0;
    } else {
      const Rule rule = choose_rule(word->rule, std::prev(word)->pos);
      top->set_accent(joined_accent(rule, top->accent, moras, *word));
    }
    if (!first && word->chained == 1 && word->group1 == "数" && std::prev(word)->group1 == "数") {
      Word& before = *std::prev(word);
      before.set_accent(accent_before_power(before, *word, next == words.end() ? nullptr : &*next));
    }
    if (word->surface == "十" && word->chained != 1 && next != words.end() && next->group1 == "数")
      word->accent = 0;
    moras += word->moras;
  }
}

}  // namespace vl::text::njd
