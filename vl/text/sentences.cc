#include "vl/text/sentences.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include "vl/text/ascii_fold.h"

namespace vl::text {

namespace {

using Codes = std::vector<uint32_t>;

std::string to_text(Codes::const_iterator begin, Codes::const_iterator end) {
  std::string out;
  for (; begin != end; ++begin) append_utf8(out, *begin);
  return out;
}

bool blank(uint32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}
bool closing(uint32_t c) {
  static const Codes marks = decode_utf8("\"')]}”’»）」』】〉》");
  return std::find(marks.begin(), marks.end(), c) != marks.end();
}
bool one_of(uint32_t c, const char* marks) {
  const Codes codes = decode_utf8(marks);
  return std::find(codes.begin(), codes.end(), c) != codes.end();
}
bool latin(uint32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x1E00 && c <= 0x1EFF) ||
         (c >= 0xFF21 && c <= 0xFF3A) || (c >= 0xFF41 && c <= 0xFF5A);
}
bool hangul(uint32_t c) {
  return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c <= 0x11FF) ||
         (c >= 0x3130 && c <= 0x318F);
}
bool kana(uint32_t c) { return (c >= 0x3040 && c <= 0x30FF) || (c >= 0xFF66 && c <= 0xFF9D); }
bool han(uint32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x3FFFF) || c == 0x3005;
}

/// Words before a period that end no sentence.
bool abbreviation(const Codes& text, size_t period) {
  static const std::set<std::string> kWords = {
      "mr",  "mrs", "ms",  "dr",   "st",  "prof", "sr",  "jr",   "vs",   "etc",   "e.g",
      "i.e", "no",  "inc", "ltd",  "co",  "corp", "gen", "col",  "capt", "lt",    "sgt",
      "rev", "hon", "gov", "sen",  "rep", "fig",  "jan", "feb",  "mar",  "apr",   "jun",
      "jul", "aug", "sep", "sept", "oct", "nov",  "dec", "a.m",  "p.m",  "u.s",   "u.k",
      "mt",  "ft",  "maj", "esq",  "drs", "al",   "vol", "dept", "est",  "approx"};
  size_t begin = period;
  while (begin > 0 && (latin(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  std::string word;
  for (size_t i = begin; i < period; ++i)
    append_utf8(word, text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
  const bool initial =
      period == begin + 1 && text[begin] >= 'A' && text[begin] <= 'Z' && text[begin] != 'I';
  return initial || kWords.count(word) != 0;
}

/// Index behind the sentence end at `i`, or 0: no sentence ends there.
size_t spaced_end(const Codes& text, size_t i) {
  if (!one_of(text[i], ".!?…。！？")) return 0;
  size_t end = i + 1;
  while (end < text.size() && (one_of(text[end], ".!?…。！？") || closing(text[end]))) ++end;
  if (end < text.size() && !blank(text[end])) return text[i] == '.' || text[i] == 0x2026 ? 0 : end;
  size_t next = end;
  while (next < text.size() && blank(text[next])) ++next;
  const bool lower = next < text.size() && text[next] >= 'a' && text[next] <= 'z';
  if ((text[i] == '.' || text[i] == 0x2026) && (lower || (end == i + 1 && abbreviation(text, i))))
    return next == text.size() ? end : 0;
  return end;
}

size_t dense_end(const Codes& text, size_t i) {
  if (!one_of(text[i], "。！？…!?")) return 0;
  size_t end = i + 1;
  while (end < text.size() && (one_of(text[end], "。！？…!?") || closing(text[end]))) ++end;
  return end;
}

void add_trimmed(const Codes& text, size_t begin, size_t end, bool dense,
                 std::vector<std::string>& out) {
  while (begin < end && blank(text[begin])) ++begin;
  while (end > begin && blank(text[end - 1])) --end;
  Codes flat;
  for (size_t i = begin; i < end; ++i) {
    if (text[i] != '\n' && text[i] != '\r') {
      flat.push_back(text[i]);
    } else if (!dense && flat.back() != ' ') {
      flat.push_back(' ');
    }
  }
  if (!flat.empty()) out.push_back(to_text(flat.begin(), flat.end()));
}

/// Index of an empty line's end after the line break at `i`, or 0.
size_t paragraph_end(const Codes& text, size_t i) {
  if (text[i] != '\n') return 0;
  size_t k = i + 1;
  while (k < text.size() && blank(text[k]) && text[k] != '\n') ++k;
  return k < text.size() && text[k] == '\n' ? k + 1 : 0;
}

/// Places between two characters of a group {...}, which is read as one.
std::vector<bool> inside_groups(const Codes& text) {
  std::vector<bool> out(text.size(), false);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') continue;
    const auto from = text.begin() + static_cast<std::ptrdiff_t>(std::min(i + 2, text.size()));
    const auto close = static_cast<size_t>(std::find(from, text.end(), '}') - text.begin());
    if (close >= text.size()) break;
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(i + 1),
              out.begin() + static_cast<std::ptrdiff_t>(close + 1), true);
    i = close;
  }
  return out;
}

/// The place nearest to the middle behind which a character of `marks` stands, or 0.
size_t cut_after(const Codes& text, const std::function<bool(size_t)>& mark) {
  const std::vector<bool> inside = inside_groups(text);
  size_t best = 0;
  const auto distance = [&](size_t at) {
    const size_t middle = text.size() / 2;
    return at > middle ? at - middle : middle - at;
  };
  for (size_t i = 1; i < text.size(); ++i)
    if (!inside[i] && mark(i - 1) && (best == 0 || distance(i) < distance(best))) best = i;
  return best;
}

bool is_dense(const std::string& language) { return language == "zh" || language == "ja"; }

}  // namespace

Error nothing_to_speak() {
  return {Code::kBadText, "nothing to speak in the text", {}, {"give at least one word"}};
}

std::string as_one_line(const std::string& text, const std::string& language) {
  const Codes codes = decode_utf8(text);
  std::vector<std::string> out;
  add_trimmed(codes, 0, codes.size(), is_dense(language), out);
  return out.empty() ? "" : out.front();
}

std::vector<std::string> split_sentences(const std::string& text, const std::string& language) {
  const Codes codes = decode_utf8(text);
  const bool dense = is_dense(language);
  std::vector<std::string> out;
  size_t begin = 0;
  for (size_t i = 0; i < codes.size();) {
    size_t end = dense ? dense_end(codes, i) : spaced_end(codes, i);
    if (end == 0) end = paragraph_end(codes, i);
    if (end == 0) {
      ++i;
      continue;
    }
    add_trimmed(codes, begin, end, dense, out);
    begin = i = end;
  }
  add_trimmed(codes, begin, codes.size(), dense, out);
  return out;
}

std::vector<std::string> split_to_fit(const std::string& text,
                                      const std::function<bool(const std::string&)>& fits) {
  const Codes codes = decode_utf8(text);
  if (codes.size() < 2 || fits(text)) return {text};
  const auto clause_mark = [&](size_t i) {
    const bool last = i + 1 == codes.size() || blank(codes[i + 1]);  // "1,234" goes on
    return one_of(codes[i], "—、，；：") || (one_of(codes[i], ",;:") && last);
  };
  size_t cut = cut_after(codes, clause_mark);
  if (cut == 0) cut = cut_after(codes, [&](size_t i) { return blank(codes[i]); });
  if (cut == 0) cut = cut_after(codes, [](size_t) { return true; });
  if (cut == 0) return {text};
  std::vector<std::string> out;
  const std::array<std::pair<size_t, size_t>, 2> halves = {{{0, cut}, {cut, codes.size()}}};
  for (auto [begin, end] : halves) {
    while (begin < end && blank(codes[begin])) ++begin;
    while (end > begin && blank(codes[end - 1])) --end;
    if (begin == end) continue;
    const auto from = codes.begin() + static_cast<std::ptrdiff_t>(begin),
               to = codes.begin() + static_cast<std::ptrdiff_t>(end);
    for (std::string& part : split_to_fit(to_text(from, to), fits)) out.push_back(std::move(part));
  }
  return out;
}

bool script_fits(const std::string& text, const std::string& language) {
  int64_t latins = 0, hanguls = 0, kanas = 0, hans = 0;
  for (const uint32_t c : decode_utf8(text)) {
    latins += latin(c) ? 1 : 0;
    hanguls += hangul(c) ? 1 : 0;
    kanas += kana(c) ? 1 : 0;
    hans += han(c) ? 1 : 0;
  }
  if (latins + hanguls + kanas + hans == 0) return true;
  if (language == "en") return hanguls + kanas + hans == 0;
  if (language == "ko") return hanguls > 0;
  if (language == "ja") return hanguls == 0 && kanas + hans > 0;
  if (language == "zh") return hanguls == 0 && kanas == 0 && hans > 0;
  return true;
}

std::string foreign_script(const std::string& text) {
  static const struct {
    uint32_t first, last;
    const char* name;
  } kScripts[] = {
      {0x370, 0x3FF, "Greek"},      {0x400, 0x52F, "Cyrillic"},    {0x530, 0x58F, "Armenian"},
      {0x590, 0x5FF, "Hebrew"},     {0x600, 0x6FF, "Arabic"},      {0x750, 0x77F, "Arabic"},
      {0x900, 0x97F, "Devanagari"}, {0x980, 0x9FF, "Bengali"},     {0xA00, 0xDFF, "an Indic"},
      {0xE00, 0xE7F, "Thai"},       {0xE80, 0xEFF, "Lao"},         {0xF00, 0xFFF, "Tibetan"},
      {0x1000, 0x109F, "Burmese"},  {0x10A0, 0x10FF, "Georgian"},  {0x1200, 0x137F, "Ethiopic"},
      {0x1780, 0x17FF, "Khmer"},    {0x1800, 0x18AF, "Mongolian"}, {0x1F00, 0x1FFF, "Greek"}};
  std::map<std::string, int64_t> counts;
  for (const uint32_t c : decode_utf8(text)) {
    if (latin(c) || hangul(c) || kana(c) || han(c)) ++counts[""];
    for (const auto& s : kScripts)
      if (c >= s.first && c <= s.last) ++counts[s.name];
  }
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  return most == counts.end() ? "" : most->first;
}

}  // namespace vl::text
