#include "vl/text/pinyin.h"

#include "vl/text/utf8_text.h"

namespace vl::text {

namespace {

/// The phrase that pypinyin takes at `begin`.
struct Match {
  size_t end;                 // begin + 1 without a phrase
  std::string_view readings;  // empty: each character's own
  bool alone = false;         // everything up to the end of the run is read character by character
};

Match longest_phrase(const SortedRows& phrases, const Utf8Text& text, size_t begin, size_t end) {
  Match best{begin + 1, {}};
  bool found = false;
  SortedRows::Range range = phrases.all();
  for (size_t i = begin; i < end; ++i) {
    range = phrases.narrow(range, text.slice(i, i + 1));
    if (range.empty()) return best;
    if (const auto readings = phrases.value(range)) {
      best = {i + 1, *readings};
      found = true;
    }
  }
  // pypinyin does not search on inside a rest that only begins a longer phrase.
  best.alone = !found;
  return best;
}

}  // namespace

Pinyin::Pinyin(const std::string& folder)
    : phrases_(folder + "/phrases.txt", "phrases"),
      readings_(folder + "/readings.txt", "readings") {}

std::string Pinyin::bopomofo(std::string_view word) const {
  const Utf8Text text(word);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t run = i;
    while (run < text.size() && is_han(text[run])) ++run;
    if (run == i) {
      out += text.slice(i, i + 1);
      ++i;
      continue;
    }
    const Match match = longest_phrase(phrases_, text, i, run);
    const size_t end = match.alone ? run : match.end;
    if (!match.readings.empty()) {
      for (const char c : match.readings)
        if (c != ' ') out += c;
      i = end;
    }
    for (; i < end; ++i) {
      const std::string_view character = text.slice(i, i + 1);
      out += readings_.find(character).value_or(character);
    }
  }
  return out;
}

}  // namespace vl::text
