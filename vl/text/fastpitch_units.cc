#include "vl/text/fastpitch_units.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "vl/text/char_class.h"
#include "vl/text/numbers_en.h"

namespace vl::text {

namespace {

constexpr size_t kNone = std::string_view::npos;

char at_or_nul(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\0'; }

/// A rule tries each place in turn: `match(text, at)` gives the words of what begins there and
/// moves `at` behind it, or leaves it.
template <class Match>
std::string replace_matches(const std::string& text, const Match& match) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    const std::string words = match(text, end);
    out += end == i ? text.substr(i, 1) : words;
    i = std::max(end, i + 1);
  }
  return out;
}

/// The rest of a time behind its hour: ":", minutes, blanks, am or pm.
std::string time_after_hour(std::string_view text, const std::string& hour, size_t& at) {
  const size_t after_colon = at_or_nul(text, at) == ':' ? at + 1 : at;
  const char tens = at_or_nul(text, after_colon);
  const bool minutes = tens >= '0' && tens <= '5' && is_digit(at_or_nul(text, after_colon + 1));
  for (const size_t digits : {size_t{2}, size_t{0}}) {
    if (digits == 2 && !minutes) continue;
    const size_t mark = run_end(text, after_colon + digits, [](char c) { return is_blank(c); });
    const char half = lower(at_or_nul(text, mark));
    if ((half != 'a' && half != 'p') || lower(at_or_nul(text, mark + 1)) != 'm' ||
        !word_boundary(text, mark + 2))
      continue;
    at = mark + 2;
    const std::string_view mm = text.substr(after_colon, digits);
    const std::string spoken = mm.empty() || mm == "00" ? "" : " " + std::string(mm);
    return hour + spoken + (half == 'a' ? " a.m." : " p.m.");
  }
  return "";
}

std::string time_at(std::string_view text, size_t& at) {
  const char first = at_or_nul(text, at), second = at_or_nul(text, at + 1);
  if (!is_digit(first)) return "";
  const bool two = first < '2' ? is_digit(second) : first == '2' && second >= '0' && second <= '3';
  for (size_t digits = 1; digits <= (two ? 2U : 1U); ++digits) {
    size_t end = at + digits;
    const std::string words = time_after_hour(text, std::string(text.substr(at, digits)), end);
    if (words.empty()) continue;
    at = end;
    return words;
  }
  return "";
}

/// End of digits with perhaps one "." or "," and more digits, or npos. @param plain receives where
/// the first digits end
size_t number_end(std::string_view text, size_t at, size_t& plain) {
  plain = run_end(text, at, is_digit);
  if (plain == at) return kNone;
  const char mark = at_or_nul(text, plain);
  const size_t fraction =
      mark == '.' || mark == ',' ? run_end(text, plain + 1, is_digit) : plain + 1;
  return fraction > plain + 1 ? fraction : plain;
}

constexpr std::array<std::array<std::string_view, 2>, 9> kUnits = {{{"tb", "terabyte"},
                                                                    {"gb", "gigabyte"},
                                                                    {"mb", "megabyte"},
                                                                    {"kb", "kilobyte"},
                                                                    {"ghz", "gigahertz"},
                                                                    {"mhz", "megahertz"},
                                                                    {"khz", "kilohertz"},
                                                                    {"hz", "hertz"},
                                                                    {"mm", "millimeter"}}};

/// Of a number like 1,000 or 1.5; commas only group digits.
bool above_one(std::string number) {
  std::erase(number, ',');
  const size_t point = number.find('.');
  const std::string whole = without_leading_zeros(number.substr(0, point));
  if (whole != "1") return whole != "0";
  return point != std::string::npos &&
         number.find_first_not_of('0', point + 1) != std::string::npos;
}

std::string quantity_at(const std::string& text, size_t& at) {
  size_t plain = 0;
  const size_t end = number_end(text, at, plain);
  if (end == kNone) return "";
  const size_t unit = end + (end < text.size() && is_blank(text[end]) ? 1 : 0);
  for (const auto& [written, spoken] : kUnits) {
    if (unit >= text.size() || !starts_with_any_case(text, unit, written)) continue;
    const std::string number = text.substr(at, end - at);
    const bool many = spoken.back() != 'z' && above_one(number);
    at = unit + written.size();
    return number + " " + std::string(spoken) + (many ? "s" : "");
  }
  // A number without a unit stays whole up to its mark: a later digit may begin another.
  const std::string number = text.substr(at, plain - at);
  at = plain;
  return number;
}

/// The last number of a size with perhaps its unit, up to a word boundary. @return end or npos
size_t last_side_end(std::string_view text, size_t at) {
  size_t plain = 0;
  const size_t whole = number_end(text, at, plain);
  if (whole == kNone) return kNone;
  for (const size_t end : {whole, plain})
    for (const std::string_view unit : {"in", "inch", "m", ""})
      if (text.substr(end, unit.size()) == unit && word_boundary(text, end + unit.size()))
        return end + unit.size();
  return kNone;
}

/// Where the number behind "12.5 x " begins, or npos.
size_t next_side(std::string_view text, size_t at) {
  size_t plain = 0;
  size_t end = number_end(text, at, plain);
  if (end == kNone) return kNone;
  const auto blank = [](char c) { return is_blank(c); };
  end = run_end(text, end, blank);
  if (lower(at_or_nul(text, end)) != 'x') return kNone;
  return run_end(text, end + 1, blank);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string size_at(const std::string& text, size_t& at) {
  if (!is_digit(text[at]) || !word_boundary(text, at)) return "";
  const size_t second = next_side(text, at);
  if (second == kNone) return "";
  const size_t third = next_side(text, second);
  size_t end = third == kNone ? kNone : last_side_end(text, third);
  if (end == kNone) end = last_side_end(text, second);
  if (end == kNone) return "";
  std::string out = text.substr(at, end - at);
  at = end;
  replace_all(out, " x ", " by ");
  replace_all(out, "x", " by ");
  const std::string_view said = out;
  const size_t n = said.size();
  if (said.back() == 'm') return std::string(said.substr(0, n - 1)) + " meter";
  // "inch" stays beside its number: only the units of one and two letters are looked for.
  if (said.substr(n - 2) == "in") return std::string(said.substr(0, n - 2)) + " inch";
  return out;
}

/// A run of digits beside letters: pairs of digits up to four of them, a zero by itself.
void add_digits(const std::string& digits, std::vector<std::string>& out) {
  const size_t n = digits.size();
  if (n >= 5 || n < 3) {
    out.push_back(digits);
  } else if (digits[n - 2] == '0') {
    if (digits[n - 1] == '0')
      out.push_back(digits);
    else
      out.insert(out.end(), {digits.substr(0, n - 2), "0", digits.substr(n - 1)});
  } else {
    if (n == 3) out.push_back(digits.substr(0, 1));
    for (size_t i = n % 2; i < n; i += 2) out.push_back(digits.substr(i, 2));
  }
}

std::string mixed_words(const std::string& run) {
  std::vector<std::string> pieces;
  for (size_t i = 0; i < run.size();) {
    const bool digits = is_digit(run[i]);
    const size_t end = run_end(run, i, [&](char c) { return is_digit(c) == digits; });
    pieces.push_back(run.substr(i, end - i));
    i = end;
  }
  const std::string last = pieces.back();
  bool glued = false;
  for (const char* suffix : {"'s", "s", "th", "nd", "st", "rd"}) glued = glued || last == suffix;
  if (glued) {
    pieces.pop_back();
    pieces.back() += last;
  }
  std::vector<std::string> words;
  for (const std::string& piece : pieces)
    if (is_digit(piece.front()) && is_digit(piece.back()))
      add_digits(piece, words);
    else
      words.push_back(piece);
  // A run that begins and ends with digits gains a blank in front, as in the source.
  std::string out = is_digit(run.front()) && is_digit(run.back()) ? " " : "";
  for (size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "" : " ") + words[i];
  return out;
}

std::string mixed_at(const std::string& text, size_t& at) {
  const size_t digits = run_end(text, at, is_digit), letters = run_end(text, at, is_letter);
  const size_t begin = at, first = std::max(digits, letters);
  if (first == at) return "";
  at = first;
  const bool other =
      first < text.size() && (digits > letters ? is_letter(text[first]) : is_digit(text[first]));
  if (!other) return text.substr(begin, first - begin);
  at = run_end(text, first, [](char c) { return is_letter(c) || is_digit(c) || c == '\''; });
  return mixed_words(text.substr(begin, at - begin));
}

}  // namespace

std::string fastpitch_times(const std::string& text) { return replace_matches(text, time_at); }

std::string fastpitch_units(const std::string& text) {
  const std::string units = replace_matches(text, quantity_at);
  return replace_matches(replace_matches(units, size_at), mixed_at);
}

}  // namespace vl::text
