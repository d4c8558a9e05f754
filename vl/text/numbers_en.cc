#include "vl/text/numbers_en.h"

#include <array>
#include <functional>
#include <vector>

#include "vl/text/char_class.h"

namespace vl::text {

namespace {

constexpr std::array<const char*, 20> kOnes = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<const char*, 10> kTens = {"",      "",      "twenty",  "thirty", "forty",
                                               "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::array<const char*, 12> kUnits = {"",
                                                " thousand",
                                                " million",
                                                " billion",
                                                " trillion",
                                                " quadrillion",
                                                " quintillion",
                                                " sextillion",
                                                " septillion",
                                                " octillion",
                                                " nonillion",
                                                " decillion"};

std::string two(int n) {
  if (n < 20) return kOnes[static_cast<size_t>(n)];
  const std::string tens = kTens[static_cast<size_t>(n / 10)];
  return n % 10 != 0 ? tens + "-" + kOnes[static_cast<size_t>(n % 10)] : tens;
}

std::string three(int n, bool with_and) {
  std::string out;
  if (n >= 100) out = std::string(kOnes[static_cast<size_t>(n / 100)]) + " hundred";
  if (n % 100 != 0) out += (out.empty() ? "" : with_and ? " and " : " ") + two(n % 100);
  return out;
}

}  // namespace

std::string without_leading_zeros(const std::string& digits) {
  const size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : digits.substr(first);
}

std::string cardinal(const std::string& raw, bool with_and) {
  const std::string digits = without_leading_zeros(raw);
  if (digits == "0") return "zero";
  if (digits.size() > 3 * kUnits.size()) {
    std::string out;
    for (const char c : digits)
      out += (out.empty() ? "" : " ") + std::string(kOnes[static_cast<size_t>(c - '0')]);
    return out;
  }
  std::vector<std::string> groups;
  int last = 0;
  for (size_t end = digits.size(), unit = 0; end > 0; ++unit) {
    const size_t begin = end >= 3 ? end - 3 : 0;
    const int value = std::stoi(digits.substr(begin, end - begin));
    if (unit == 0) last = value;
    if (value != 0) groups.insert(groups.begin(), three(value, with_and) + kUnits[unit]);
    end = begin;
  }
  std::string out;
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool short_tail = i > 0 && i + 1 == groups.size() && last > 0 && last < 100;
    out += (i == 0 ? "" : short_tail ? (with_and ? " and " : " ") : ", ") + groups[i];
  }
  return out;
}

std::string ordinal(const std::string& digits) {
  static const std::array<std::array<const char*, 2>, 7> kSpecial = {{{"one", "first"},
                                                                      {"two", "second"},
                                                                      {"three", "third"},
                                                                      {"five", "fifth"},
                                                                      {"eight", "eighth"},
                                                                      {"nine", "ninth"},
                                                                      {"twelve", "twelfth"}}};
  const std::string words = cardinal(digits, true);
  size_t begin = words.size();
  while (begin > 0 && words[begin - 1] >= 'a' && words[begin - 1] <= 'z') --begin;
  const std::string head = words.substr(0, begin), last = words.substr(begin);
  for (const auto& [from, to] : kSpecial)
    if (last == from) return head + to;
  if (last.back() == 'y') return head + last.substr(0, last.size() - 1) + "ieth";
  return head + last + "th";
}

std::string number_or_year(const std::string& raw) {
  const std::string digits = without_leading_zeros(raw);
  if (digits.size() != 4 || digits[0] > '2' || digits == "1000") return cardinal(digits, false);
  const int n = std::stoi(digits);
  if (n == 2000) return "two thousand";
  if (n > 2000 && n < 2010)
    return "two thousand " + std::string(kOnes[static_cast<size_t>(n % 100)]);
  if (n % 100 == 0) return two(n / 100) + " hundred";
  return two(n / 100) + " " +
         (n % 100 > 9 ? two(n % 100) : "oh " + std::string(kOnes[static_cast<size_t>(n % 100)]));
}

std::string remove_commas(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      out += text[i++];
      continue;
    }
    size_t end = i, last = i;
    for (; end < text.size() && (is_digit(text[end]) || text[end] == ','); ++end)
      if (is_digit(text[end])) last = end;
    for (; i <= last; ++i)
      if (text[i] != ',') out += text[i];
  }
  return out;
}

namespace {

size_t digits_end(const std::string& text, size_t i) {
  while (i < text.size() && is_digit(text[i])) ++i;
  return i;
}

}  // namespace

std::string expand_decimals(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = digits_end(text, i);
    if (end > i && end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
      const size_t fraction = digits_end(text, end + 1);
      out += text.substr(i, end - i) + " point " + text.substr(end + 1, fraction - end - 1);
      i = fraction;
    } else if (end > i) {
      out += text.substr(i, end - i);
      i = end;
    } else {
      out += text[i++];
    }
  }
  return out;
}

namespace {

std::string plural(const std::string& digits, const char* unit) {
  const std::string n = without_leading_zeros(digits);
  return n + " " + unit + (n == "1" ? "" : "s");
}

std::string dollars(const std::string& amount) {
  std::vector<std::string> parts(1);
  for (const char c : amount) {
    if (c == '.')
      parts.emplace_back();
    else if (is_digit(c))
      parts.back() += c;
  }
  if (parts.size() > 2) return amount + " dollars";
  const auto zero = [](const std::string& s) {
    return s.find_first_not_of('0') == std::string::npos;
  };
  const std::string whole = parts[0], cents = parts.size() > 1 ? parts[1] : "";
  std::string out;
  if (!zero(whole)) out = plural(whole, "dollar");
  if (!zero(cents)) out += (out.empty() ? "" : ", ") + plural(cents, "cent");
  return out.empty() ? "zero dollars" : out;
}

std::string expand_dollars(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t last = std::string::npos;
    if (text[i] == '$')
      for (size_t k = i + 1;
           k < text.size() && (is_digit(text[k]) || text[k] == '.' || text[k] == ','); ++k)
        if (is_digit(text[k])) last = k;
    if (last == std::string::npos) {
      out += text[i++];
    } else {
      out += dollars(text.substr(i + 1, last - i));
      i = last + 1;
    }
  }
  return out;
}

/// Calls `word(digits, rest)` at each run of digits; it returns what replaces them and how many
/// further characters it used.
std::string replace_runs(
    const std::string& text,
    const std::function<std::pair<std::string, size_t>(const std::string&, const std::string&)>&
        word) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = digits_end(text, i);
    if (end == i) {
      out += text[i++];
      continue;
    }
    const auto [replaced, used] = word(text.substr(i, end - i), text.substr(end, 2));
    out += replaced;
    i = end + used;
  }
  return out;
}

}  // namespace

std::string expand_numbers(const std::string& text) {
  std::string out = expand_decimals(expand_dollars(remove_commas(text)));
  out = replace_runs(
      out,
      [](const std::string& digits, const std::string& next) -> std::pair<std::string, size_t> {
        const bool is_ordinal = next == "st" || next == "nd" || next == "rd" || next == "th";
        return is_ordinal ? std::pair{ordinal(digits), size_t{2}} : std::pair{digits, size_t{0}};
      });
  return replace_runs(out, [](const std::string& digits, const std::string&) {
    return std::pair{number_or_year(digits), size_t{0}};
  });
}

}  // namespace vl::text
