#include <algorithm>

#include "vl/text/njd.h"
#include "vl/text/njd_digits.h"
#include "vl/text/njd_number_tables.h"

namespace vl::text::njd {

namespace {

using Iterator = Words::iterator;

bool listed(const std::string& text, std::span<const char* const> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void read_as(Word& digit, const char* pron) {
  digit.pron = pron;
  digit.moras = 2;
}

/// The word before a decimal point is lengthened, the point itself is a suffix.
void read_decimal_points(Words& words) {
  for (Iterator at = std::next(words.begin()); at != words.end() && std::next(at) != words.end();) {
    Word& digit = *std::prev(at);
    if (!is_period(*at) || !is_number(digit) || !is_number(*std::next(at))) {
      ++at;
      continue;
    }
    parse_feature(*at, kDecimalPoint);
    at->chained = 1;
    if (digit.surface == "〇" || digit.surface == "０") read_as(digit, "レー");
    if (digit.surface == "二") read_as(digit, "ニー");
    if (digit.surface == "五") read_as(digit, "ゴー");
    if (digit.surface == "六") digit.accent = 1;
    do ++at;
    while (at != words.end() && at->pos == "名詞");
    if (at != words.end()) ++at;
  }
}

void change_digit(Word& digit, std::span<const DigitReading> readings) {
  const auto row = std::find_if(readings.begin(), readings.end(),
                                [&](const DigitReading& r) { return digit.surface == r.digit; });
  if (row == readings.end()) return;
  digit.pron = row->pron;
  digit.accent = row->accent;
  digit.moras = row->moras;
}

void change_counter(const Word& digit, Word& counter, std::span<const DigitSound> sounds) {
  const auto row = std::find_if(sounds.begin(), sounds.end(),
                                [&](const DigitSound& s) { return digit.surface == s.digit; });
  if (row == sounds.end()) return;
  for (const StringPair& pair : row->sound == 1 ? kVoiced : kHalfVoiced) {
    const std::string_view first = pair.first;
    if (!counter.pron.starts_with(first)) continue;
    counter.pron = pair.second + counter.pron.substr(first.size());
    return;
  }
}

/// 三本 さんぼん, 六個 ろっこ: digit and counter change each other and share a phrase.
void pair_counters(Words& words) {
  for (Iterator at = std::next(words.begin()); at != words.end(); ++at) {
    Word& digit = *std::prev(at);
    if (!is_number(digit) || !is_counter(*at)) continue;
    const auto names = [&](const auto& rule) { return listed(at->surface, rule.counters); };
    if (const auto r = std::find_if(kDigitRules.begin(), kDigitRules.end(), names);
        r != kDigitRules.end())
      change_digit(digit, r->readings);
    if (const auto r = std::find_if(kSoundRules.begin(), kSoundRules.end(), names);
        r != kSoundRules.end())
      change_counter(digit, *at, r->sounds);
    digit.chained = 0;
    at->chained = 1;
  }
}

/// 三百 さんびゃく: a unit and its power share a phrase, the next unit begins one.
void pair_powers(Words& words) {
  for (Iterator at = std::next(words.begin()); at != words.end(); ++at) {
    Word& before = *std::prev(at);
    if (!is_number(before)) continue;
    if (is_number(*at)) {
      if (listed(before.surface, kUnits) && listed(at->surface, kPowers)) {
        before.chained = 0;
        at->chained = 1;
      } else if (listed(before.surface, kPowers) && listed(at->surface, kUnits)) {
        at->chained = 0;
      }
    }
    for (const DigitRule& rule : kPowerDigitRules)
      if (listed(at->surface, rule.counters)) change_digit(before, rule.readings);
    if (listed(at->surface, kPowerSoundRule.counters))
      change_counter(before, *at, kPowerSoundRule.sounds);
  }
}

/// Where `word` is a digit of the table, it becomes the whole word and what follows falls silent.
bool become(Word& word, Word& after, std::span<const StringPair> table) {
  for (const StringPair& row : table) {
    if (word.surface != row.first) continue;
    parse_feature(word, row.second);
    after.pron = kNothing;
    return true;
  }
  return false;
}

void read_native_digit(Word& digit, const Word& counter) {
  const auto native = [&](const StringPair& row) {
    return counter.surface == row.first && counter.reading == row.second;
  };
  if (std::none_of(kNativeCounters.begin(), kNativeCounters.end(), native)) return;
  change_digit(digit, kNativeDigits);
  for (const DigitReading& row : kNativeDigits)
    if (digit.surface == row.digit) digit.reading = row.pron;
}

/// ひとはこ, ひとり, ついたち, ふつか: single digits with a word of their own.
void read_native_words(Words& words) {
  for (Iterator at = words.begin(); at != words.end() && std::next(at) != words.end(); ++at) {
    Word& next = *std::next(at);
    const Word* before = at == words.begin() ? nullptr : &*std::prev(at);
    const bool begins = before == nullptr || before->pos == "記号" || !is_number(*before);
    if (!is_number(*at) || !begins || !is_counter(next)) continue;
    read_native_digit(*at, next);
    if (next.surface == "人") become(*at, next, kPeople);
    if (next.surface == "日") {
      const bool of_month = before != nullptr && at->surface == "一" &&
                            before->surface.find("月") != std::string::npos;
      const StringPair first = {"一", kFirstOfMonth};
      become(*at, next, of_month ? std::span<const StringPair>(&first, 1) : kDays);
    } else if (next.surface == "日間") {
      become(*at, next, kDaySpans);
    }
  }
}

/// 十四日, 二十日, 二十四日 and the same with 間.
void read_long_dates(Words& words) {
  for (Iterator at = words.begin(); at != words.end(); ++at) {
    if (at != words.begin() && is_number(*std::prev(at))) continue;
    Word* next[3] = {};
    Iterator ahead = at;
    for (Word*& word : next)
      if (++ahead != words.end())
        word = &*ahead;
      else
        break;
    if (next[1] == nullptr) continue;
    const auto is_day = [](const Word* w) { return w != nullptr && w->surface == "日"; };
    const auto is_span = [](const Word* w) { return w != nullptr && w->surface == "日間"; };
    const bool teens = at->surface == "十" && next[0]->surface == "四";
    const bool twenties = at->surface == "二" && next[0]->surface == "十";
    if ((teens || twenties) && (is_day(next[1]) || is_span(next[1]))) {
      const bool day = is_day(next[1]);
      parse_feature(*at,
                    teens ? (day ? kFourteenth : kFourteenDays) : (day ? kTwentieth : kTwentyDays));
      next[0]->pron = next[1]->pron = kNothing;
    } else if (twenties && next[1]->surface == "四" && (is_day(next[2]) || is_span(next[2]))) {
      const bool day = is_day(next[2]);
      parse_feature(*at, kTwenty);
      parse_feature(*next[0], day ? kFourth : kFourDays);
      next[1]->pron = next[2]->pron = kNothing;
    }
  }
}

}  // namespace

void read_numbers(Words& words) {
  if (!convert_digits(words)) return;
  remove_silent(words);
  if (words.empty()) return;
  read_decimal_points(words);
  pair_counters(words);
  pair_powers(words);
  read_native_words(words);
  read_long_dates(words);
  remove_silent(words);
}

}  // namespace vl::text::njd
