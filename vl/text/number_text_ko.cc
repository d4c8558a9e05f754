#include "vl/text/number_text_ko.h"

#include <algorithm>

#include "vl/text/korean_verbs.h"
#include "vl/text/number_units_ko.h"
#include "vl/text/numbers_ko.h"

namespace vl::text {

namespace {

using View = std::u32string_view;

bool digit(char32_t c) { return c >= U'0' && c <= U'9'; }

int value(View digits) {
  if (digits.size() > 6) return 1000000;
  int out = 0;
  for (const char32_t c : digits) out = out * 10 + static_cast<int>(c - U'0');
  return out;
}

size_t digits_at(View text, size_t at) {
  size_t n = 0;
  while (at + n < text.size() && digit(text[at + n])) ++n;
  return n;
}

bool all_are(View separators, char32_t c) {
  return !separators.empty() &&
         std::all_of(separators.begin(), separators.end(), [c](char32_t s) { return s == c; });
}

std::u32string with(View number, const Counter& counter) {
  return number_before(number, counter) + std::u32string(counter.word);
}

const Counter kYear{U"년", 0, true}, kMonth{U"월", 0, true}, kDay{U"일", 0, true};
const Counter kHour{U"시", 12, false}, kMinute{U"분", 0, false}, kSecond{U"초", 0, false};

bool is_date(const NumberText& n) {
  if (n.parts.size() != 3 || n.parts[0].size() != 4) return false;
  const bool same = n.separators[0] == n.separators[1] &&
                    std::u32string_view(U".-/").find(n.separators[0]) != View::npos;
  const int month = value(n.parts[1]), day = value(n.parts[2]);
  return same && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

std::u32string read_date(const NumberText& n) {
  return with(n.parts[0], kYear) + U" " + with(n.parts[1], kMonth) + U" " + with(n.parts[2], kDay);
}

bool is_time(const NumberText& n) {
  const bool form = all_are(n.separators, U':') && n.parts.size() <= 3 && n.parts[0].size() <= 2;
  return form && value(n.parts[0]) <= 24 &&
         std::all_of(n.parts.begin() + 1, n.parts.end(),
                     [](const std::u32string& p) { return p.size() == 2 && value(p) < 60; });
}

std::u32string read_time(const NumberText& n) {
  std::u32string out = with(n.parts[0], kHour);
  if (value(n.parts[1]) > 0 || n.parts.size() > 2) out += U" " + with(n.parts[1], kMinute);
  if (n.parts.size() > 2) out += U" " + with(n.parts[2], kSecond);
  return out;
}

/// 010-1234-5678, 02-123-4567, 1588-1234, account and registration numbers.
bool is_code(const NumberText& n) {
  if (!all_are(n.separators, U'-')) return false;
  size_t digits = 0;
  for (const auto& p : n.parts) digits += p.size();
  const bool service = n.parts.size() == 2 && n.parts[0].size() == 4 && n.parts[1].size() == 4 &&
                       n.parts[0][0] == U'1' && value(n.parts[0]) >= 1500 &&
                       value(n.parts[0]) < 1900 && value(n.parts[0]) % 100 > 0;
  return n.parts.size() > 2 || service || (n.parts[0][0] == U'0' && digits > 4) ||
         (digits > 9 && n.parts.size() == 2);
}

std::u32string read_code(const NumberText& n, char32_t zero) {
  std::u32string out;
  for (const auto& p : n.parts) {
    if (!out.empty()) out += {U' ', kBoundaryMark};
    out += read_digits(p, zero);
  }
  return out;
}

std::u32string join(const NumberText& n, size_t from, size_t to) {
  std::u32string out;
  for (size_t i = from; i < to; ++i) {
    if (i > from) out += n.separators[i - 1];
    out += n.parts[i];
  }
  return out;
}

NumberText slice(const NumberText& n, size_t from, size_t to) {
  NumberText out;
  out.parts.assign(n.parts.begin() + static_cast<long>(from),
                   n.parts.begin() + static_cast<long>(to));
  if (to > from + 1) out.separators = n.separators.substr(from, to - from - 1);
  return out;
}

/// 6·25, 3·1절, 12·12, and the same days written with a dot before the words they go with.
bool is_memorial(const NumberText& n, View after) {
  if (n.parts.size() != 2) return false;
  if (n.separators == U"·") return true;
  const View next = after.substr(!after.empty() && after[0] == U' ' ? 1 : 0);
  return n.separators == U"." &&
         starts_with_any(next, {U"전쟁", U"사변", U"광복절", U"민주화", U"혁명", U"의거", U"남침"});
}

std::u32string read_memorial(const NumberText& n, View after) {
  std::u32string out = read_digits(n.parts[0], U'영');
  const std::u32string second = read_digits(n.parts[1], U'영');
  if (n.parts[0] == U"12" && n.parts[1] == U"12") return U"십이십이";
  out += second;
  if (starts_with_any(after, {U"절"}) && out.back() == U'일') out += kTenseMark;
  return out;
}

std::u32string read_fraction(const NumberText& n) {
  const Counter below{U"분의", 0, true};
  return with(n.parts[1], below) + U" " + sino_number(n.parts[0]);
}

std::u32string read_ratio(const NumberText& n) {
  std::u32string out;
  for (const auto& p : n.parts) {
    if (!out.empty()) {
      out += U' ';
      if (out[out.size() - 2] == U'일' || out[out.size() - 2] == U'칠' ||
          out[out.size() - 2] == U'팔')
        out += kTenseMark;
      out += U"대 ";
    }
    out += decimal_number(p);
  }
  return out;
}

/// "3~5", "10-20": both ends, the unit after the second; a native numeral or a month repeats it.
std::u32string read_range(const NumberText& n, size_t at, const NumberContext& context,
                          size_t& used) {
  const NumberText left = slice(n, 0, at), right = slice(n, at, n.parts.size());
  const std::u32string second = read_number(right, {U"", context.after}, used);
  size_t ignored = 0;
  const View unit = context.after.substr(0, used);
  std::u32string first;
  const auto counter = find_counter(context.after);
  const bool repeats =
      counter && (counter->word == U"월" ||
                  (counter->native_up_to > 0 && value(left.parts[0]) <= counter->native_up_to &&
                   value(left.parts[0]) > 0));
  if (repeats)
    first = read_number(left, {context.before, counter->word}, ignored);
  else
    first = read_number(left, {context.before, unit.empty() ? U"" : U"%"}, ignored);
  if (!repeats && ends_with(first, U" 퍼센트")) first.resize(first.size() - 4);
  return first + U"에서 " + second;
}

bool small_range(const NumberText& n, View after) {
  if (n.parts.size() != 2 || n.separators != U"-") return false;
  if (starts_with_any(after, {U"번지", U"호", U"동", U"반"})) return false;
  return value(n.parts[0]) < value(n.parts[1]) && n.parts[0][0] != U'0';
}

/// A form with its own words; empty for a plain number.
std::u32string read_form(const NumberText& n, const NumberContext& context) {
  if (is_date(n)) return read_date(n);
  if (is_time(n)) return read_time(n);
  if (is_code(n)) return read_code(n, U'공');
  if (is_memorial(n, context.after)) return read_memorial(n, context.after);
  if (n.separators == U"/" && value(n.parts[1]) > 0) return read_fraction(n);
  if (all_are(n.separators, U':')) return read_ratio(n);
  if (n.separators == U"-") return sino_number(n.parts[0]) + U" 다시 " + sino_number(n.parts[1]);
  return U"";
}

}  // namespace

NumberText scan_number(View text) {
  NumberText out;
  size_t at = 0;
  while (true) {
    size_t n = digits_at(text, at);
    std::u32string part(text.substr(at, n));
    at += n;
    while (n <= 3 && part.size() <= 30 && at < text.size() && text[at] == U',' &&
           digits_at(text, at + 1) == 3) {
      part += text.substr(at + 1, 3);
      at += 4;
    }
    out.parts.push_back(part);
    const bool more = at + 1 < text.size() && digit(text[at + 1]) && out.parts.size() < 16 &&
                      View(U".-/:~·").find(text[at]) != View::npos;
    if (!more) break;
    out.separators += text[at++];
  }
  // "2026. 11. 27.": dots with blanks
  if (out.parts.size() == 1 && out.parts[0].size() == 4) {
    size_t end = at;
    NumberText date = out;
    while (date.parts.size() < 3 && end + 2 < text.size() && text[end] == U'.' &&
           text[end + 1] == U' ' && digits_at(text, end + 2) > 0 && digits_at(text, end + 2) < 3) {
      const size_t n = digits_at(text, end + 2);
      date.parts.emplace_back(text.substr(end + 2, n));
      date.separators += U'.';
      end += 2 + n;
    }
    if (is_date(date)) {
      out = date;
      at = end;
    }
  }
  // the dot after a date is no full stop when the sentence goes on
  if (is_date(out) && out.separators[0] == U'.' && at + 1 < text.size() && text[at] == U'.') ++at;
  out.length = at;
  return out;
}

std::u32string read_number(const NumberText& n, const NumberContext& context, size_t& used) {
  used = 0;
  for (const char32_t mark : {U'~', U'-'}) {
    const size_t at = n.separators.find(mark);
    const bool dash = mark == U'-' && !small_range(n, context.after);
    if (at == View::npos || dash || is_date(n) || is_code(n)) continue;
    return read_range(n, at + 1, context, used);
  }
  if (const std::u32string form = read_form(n, context); !form.empty()) {
    const bool counted = n.separators == U"/" && find_counter(context.after);
    return counted ? form + U" " : form;
  }
  if (n.parts.size() == 1 && n.parts[0].size() > 1 && n.parts[0][0] == U'0' &&
      !starts_with_any(context.after, {U"월", U"일", U"시", U"분", U"초"}))
    return read_digits(n.parts[0], U'공');
  if (!n.separators.empty() && !all_are(n.separators, U'.')) return read_code(n, U'영');
  return read_with_unit(join(n, 0, n.parts.size()), context.before, context.after, used);
}

}  // namespace vl::text
