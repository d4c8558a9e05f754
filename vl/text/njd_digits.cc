#include "vl/text/njd_digits.h"

#include <algorithm>
#include <array>

#include "vl/text/njd_number_tables.h"

namespace vl::text::njd {

namespace {

using Iterator = Words::iterator;

const DigitWord* find_digit(const Word& word) {
  if (!is_number(word)) return nullptr;
  const auto row = std::find_if(kDigitWords.begin(), kDigitWords.end(),
                                [&](const DigitWord& d) { return word.surface == d.text; });
  return row == kDigitWords.end() ? nullptr : &*row;
}

int digit_of(const Word& word) {
  const DigitWord* digit = find_digit(word);
  return digit == nullptr ? -1 : digit->value;
}

/// A row of digits, commas and periods: both ends belong to it.
class DigitRow {
 public:
  DigitRow(Words& words, Iterator first, Iterator last)
      : words_(words), first_(first), last_(last) {}
  void convert();

 private:
  void find_whole();
  int score() const;
  int score_before() const;
  int score_after() const;
  void read_number(Iterator last);
  void read_digits(Iterator last);
  bool long_enough(Iterator last) const { return first_ != last; }
  const Word* before(Iterator at) const { return at == words_.begin() ? nullptr : &*std::prev(at); }
  const Word* after(Iterator at) const {
    return std::next(at) == words_.end() ? nullptr : &*std::next(at);
  }

  Words& words_;
  Iterator first_, last_;
  // Of the part before the period:
  Iterator whole_;        ///< its last digit
  Iterator first_comma_;  ///< words_.end() for none
  bool grouped_ = true;   ///< commas stand after every third digit from the end, and only there
};

/// Looks at the digits before the period.
void DigitRow::find_whole() {
  whole_ = first_;
  while (whole_ != last_ && !is_period(*std::next(whole_))) ++whole_;
  while (whole_ != first_ && is_comma(*whole_)) --whole_;
  first_comma_ = words_.end();
  grouped_ = true;
  int place = 0;
  for (Iterator at = whole_;; --at, ++place) {
    if (is_comma(*at)) first_comma_ = at;
    if (is_comma(*at) != (place % 4 == 3)) grouped_ = false;
    if (at == first_) break;
  }
  grouped_ = grouped_ && first_comma_ != words_.end();
}

constexpr std::array<std::string_view, 5> kHyphens = {"―", "−", "‐", "—", "－"};

bool is_hyphen(const Word& word) {
  return std::find(kHyphens.begin(), kHyphens.end(), word.surface) != kHyphens.end();
}

int DigitRow::score_before() const {
  const Word* prev = before(first_);
  if (prev == nullptr) return 0;
  const Word* further = before(std::prev(first_));
  const bool number = further != nullptr && is_number(*further);
  int score = prev->group1 == "数接続" ? 2 : 0;
  if (is_counter(*prev)) score += 1;
  if (is_period(*prev))
    score -= number ? 5 : 0;
  else if (prev->surface == "（")
    score -= number ? 2 : 0;
  else if (is_hyphen(*prev) || prev->surface == "）" || prev->surface == "番号")
    score -= 2;
  if (further != nullptr && further->surface == "番号") score -= 2;
  return score;
}

int DigitRow::score_after() const {
  const Iterator last = first_comma_ == words_.end() ? whole_ : std::prev(first_comma_);
  const Word* next = after(last);
  if (next == nullptr) return 0;
  const Word* further = after(std::next(last));
  int score = is_counter(*next) ? 2 : 0;
  if (next->surface == "）")
    score -= further != nullptr && is_number(*further) ? 2 : 0;
  else if (is_hyphen(*next) || next->surface == "（" || next->surface == "番号")
    score -= 2;
  else if (is_period(*next))
    score += 4;
  return score;
}

/// Not negative: the neighbours speak for a number.
int DigitRow::score() const { return score_before() + score_after(); }

/// One digit at a time, two to an accent phrase.
void DigitRow::read_digits(Iterator last) {
  if (!long_enough(last)) return;
  bool second = false;
  for (Iterator at = first_; at != std::next(last); ++at, second = !second) {
    const auto read = [&](const char* pron) {
      at->pron = pron;
      at->moras = 2;
    };
    if (at->surface == "〇" || at->surface == "０") read("ゼロ");
    if (at->surface == "二") read("ニー");
    if (at->surface == "五") read("ゴー");
    at->rule = kNothing;
    at->chained = second ? 1 : 0;
    if (second) std::prev(at)->accent = 3;
  }
}

/// Powers of ten after the digits; zeros and the 一 before them fall silent.
void DigitRow::read_number(Iterator last) {
  if (!long_enough(last)) return;
  const auto size = std::distance(first_, last) + 1;
  auto myriad = static_cast<size_t>((size - 1) / 4), power = static_cast<size_t>((size - 1) % 4);
  if (myriad >= kMyriads.size()) return;
  const auto silence = [](Word& word) {
    word.pron = kNothing;
    word.accent = word.moras = 0;
  };
  const auto insert = [this](Iterator at, const char* feature) {
    const Iterator added = words_.emplace(std::next(at));
    parse_feature(*added, feature);
    return added;
  };
  bool spoken = false;  // any digit of the current four
  for (Iterator at = first_; at != std::next(last); ++at) {
    const int digit = digit_of(*at);
    if (digit == 0 || (digit < 0 && power > 0))
      silence(*at);
    else
      spoken = true;
    if (power > 0) {
      if (digit == 1)
        parse_feature(*at, kTens[power]);
      else if (digit > 1)
        at = insert(at, kTens[power]);
      --power;
      continue;
    }
    if (spoken && myriad > 0) at = insert(at, kMyriads[myriad]);
    spoken = false;
    --myriad;
    power = 3;
  }
}

void DigitRow::convert() {
  for (;; ++first_) {
    if (!is_comma(*first_) && !is_period(*first_)) {
      find_whole();
      const bool zero_first = first_ != whole_ && digit_of(*first_) == 0;
      Iterator read_to = whole_;
      if (grouped_ && !zero_first) {
        for (Iterator at = first_; at != whole_;)
          at = is_comma(*at) ? words_.erase(at) : std::next(at);
        read_number(whole_);
      } else {
        if (first_comma_ != words_.end()) read_to = std::prev(first_comma_);
        if (!zero_first && score() >= 0)
          read_number(read_to);
        else
          read_digits(read_to);
      }
      first_ = read_to;
    }
    if (first_ == last_) return;
  }
}

}  // namespace

bool convert_digits(Words& words) {
  bool found = false;
  Iterator first = words.end();
  for (Iterator at = words.begin(); at != words.end(); ++at) {
    found = found || is_number(*at);
    const DigitWord* digit = find_digit(*at);
    if (digit != nullptr) at->surface = digit->kanji;
    const bool in_row = digit != nullptr || (is_number(*at) && (is_period(*at) || is_comma(*at)));
    if (in_row && first == words.end()) first = at;
    if (first == words.end()) continue;
    const bool ends = std::next(at) == words.end();
    if (!in_row || ends) {
      DigitRow(words, first, in_row ? at : std::prev(at)).convert();
      first = words.end();
    }
  }
  return found;
}

}  // namespace vl::text::njd
