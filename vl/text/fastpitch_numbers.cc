#include "vl/text/fastpitch_numbers.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "vl/text/char_class.h"
#include "vl/text/numbers_en.h"

namespace vl::text {

namespace {

bool ends_in_hundreds(const std::string& digits) {
  const size_t n = digits.size();
  return n >= 4 && digits.compare(n - 2, 2, "00") == 0 && digits[n - 3] != '0';
}

/// "fifteen hundred" for multiples of 100 that are none of 1000, up to `most` digits.
std::string words_in_hundreds(const std::string& raw, size_t most) {
  const std::string digits = without_leading_zeros(raw);
  if (digits.size() > most || !ends_in_hundreds(digits)) return cardinal(digits, true);
  return cardinal(digits.substr(0, digits.size() - 2), true) + " hundred";
}

constexpr size_t kMoneyInHundreds = 4;

std::string magnitude_words(const std::string& amount) {
  const size_t point = amount.find('.');
  const std::string whole = amount.substr(0, point);
  if (point == std::string::npos) return words_in_hundreds(whole, kMoneyInHundreds);
  const std::string fraction = amount.substr(point + 1);
  if (fraction.find_first_not_of('0') == std::string::npos && !whole.empty()) {
    const std::string digits = without_leading_zeros(whole);
    if (digits.size() == kMoneyInHundreds && ends_in_hundreds(digits))
      return words_in_hundreds(digits, kMoneyInHundreds);
  }
  std::string out = whole.empty() ? "point" : cardinal(whole, true) + " point";
  for (const char digit : fraction) {
    out += ' ';
    out += cardinal(std::string(1, digit), true);
  }
  return out;
}

struct Money {
  std::string_view sign, unit;
};
constexpr std::array<Money, 4> kMoney = {
    {{"$", "dollar"}, {"\u00A3", "pound"}, {"\u20AC", "euro"}, {"\u20A9", "won"}}};
struct Magnitude {
  std::string_view written, spoken;  // an empty word: spoken as it is written
};
constexpr std::array<Magnitude, 8> kMagnitudes = {{{"trillion", ""},
                                                   {"billion", ""},
                                                   {"million", ""},
                                                   {"thousand", ""},
                                                   {"hundred", ""},
                                                   {"m", "million"},
                                                   {"b", "billion"},
                                                   {"t", "trillion"}}};

std::string counted(const std::string& digits, const std::string& words, const std::string& unit) {
  return words + " " + unit + (without_leading_zeros(digits) == "1" ? "" : "s");
}

std::string money_words(const std::string& amount, const std::string& unit) {
  if (std::count(amount.begin(), amount.end(), '.') > 1) return amount + " " + unit + "s";
  const auto zero = [](const std::string& s) {
    return s.find_first_not_of('0') == std::string::npos;
  };
  const size_t point = amount.find('.');
  const std::string whole = amount.substr(0, point);
  const std::string cents = point == std::string::npos ? "" : amount.substr(point + 1);
  std::string out;
  if (!zero(whole)) out = counted(whole, words_in_hundreds(whole, kMoneyInHundreds), unit);
  if (!zero(cents))
    out += (out.empty() ? "" : ", ") + counted(cents, cardinal(cents, true), "cent");
  return out.empty() ? "zero " + unit + "s" : out;
}

/// End of the longest run of digits, commas and full stops from `at` that ends in a digit, or npos.
size_t amount_end(std::string_view text, size_t at) {
  size_t end = run_end(text, at, [](char c) { return is_digit(c) || c == ',' || c == '.'; });
  while (end > at && !is_digit(text[end - 1])) --end;
  return end > at ? end : std::string_view::npos;
}

/// A magnitude that begins at `at` and ends before a non-letter.
const Magnitude* magnitude_at(std::string_view text, size_t at) {
  for (const Magnitude& m : kMagnitudes) {
    const size_t end = at + m.written.size();
    const bool fits = at < text.size() && starts_with_any_case(text, at, m.written);
    if (fits && (end == text.size() || !is_letter(text[end]))) return &m;
  }
  return nullptr;
}

/// Words of the amount of money whose sign begins at `at`, which then stands behind it; "" if there
/// is none.
std::string money_at(const std::string& text, size_t& at) {
  const auto* money = std::find_if(kMoney.begin(), kMoney.end(), [&](const Money& m) {
    return text.compare(at, m.sign.size(), m.sign) == 0;
  });
  if (money == kMoney.end()) return "";
  const size_t begin = at + money->sign.size(), end = amount_end(text, begin);
  if (end == std::string::npos) return "";
  std::string amount = text.substr(begin, end - begin);
  std::erase(amount, ',');
  const std::string unit(money->unit);
  const size_t gap = end < text.size() && text[end] == ' ' ? end + 1 : end;
  const Magnitude* magnitude = magnitude_at(text, gap);
  if (magnitude == nullptr) {
    at = end;
    return money_words(amount, unit);
  }
  at = gap + magnitude->written.size();
  const bool odd = std::count(amount.begin(), amount.end(), '.') > 1;
  const std::string_view spoken =
      magnitude->spoken.empty() ? std::string_view(text).substr(gap, at - gap) : magnitude->spoken;
  return (odd ? amount : magnitude_words(amount)) + " " + std::string(spoken) + " " + unit + "s";
}

/// Calls `read(digits, end)` at each run of digits; it returns what replaces them and may move the
/// end on.
template <class Read>
std::string replace_numbers(const std::string& text, const Read& read) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = run_end(text, i, is_digit);
    if (end == i) {
      out += text[i++];
      continue;
    }
    const std::string digits = text.substr(i, end - i);
    out += read(digits, end);
    i = end;
  }
  return out;
}

std::string expand_ordinals(const std::string& text) {
  return replace_numbers(text, [&](const std::string& digits, size_t& end) {
    for (const char* suffix : {"st", "nd", "rd", "th"})
      if (text.compare(end, 2, suffix) == 0) {
        end += 2;
        return ordinal(digits);
      }
    return digits;
  });
}

/// Value of a Roman numeral that ends in IX, IV, II, III, VII or VIII; 0: it is none.
int roman_value(std::string_view word) {
  int value = 0;
  const auto take = [&](std::string_view part, int worth) {
    if (word.substr(0, part.size()) != part) return false;
    word.remove_prefix(part.size());
    value += worth;
    return true;
  };
  const auto repeat = [&](std::string_view letter, int most, int worth) {
    int n = 0;
    while (n < most && take(letter, worth)) ++n;
    return n;
  };
  repeat("M", 4, 1000);
  if (!take("CM", 900) && !take("CD", 400)) {
    take("D", 500);
    repeat("C", 3, 100);
  }
  if (!take("XC", 90) && !take("XL", 40)) {
    take("L", 50);
    repeat("X", 3, 10);
  }
  if (!take("IX", 9) && !take("IV", 4)) {
    take("V", 5);
    if (repeat("I", 3, 1) < 2) return 0;
  }
  return word.empty() ? value : 0;
}

std::string expand_roman(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::max(run_end(text, i, is_word), i + 1);
    const std::string word = text.substr(i, end - i);
    const int value = roman_value(word);
    out += value > 0 ? std::to_string(value) : word;
    i = end;
  }
  return out;
}

std::string expand_products(const std::string& text) {
  return replace_numbers(text, [&](const std::string& digits, size_t& end) {
    const size_t begin = end - digits.size();
    const size_t right =
        end < text.size() && text[end] == 'x' ? run_end(text, end + 1, is_digit) : 0;
    if (right <= end + 1 || !word_boundary(text, begin)) return digits;
    const std::string out = digits + " by " + text.substr(end + 1, right - end - 1);
    end = right;
    return out;
  });
}

std::string number_words(const std::string& raw) {
  const std::string digits = without_leading_zeros(raw);
  if (ends_in_hundreds(digits)) return words_in_hundreds(digits, digits.size());
  const bool year = digits.size() == 4 && digits[0] < '3' && digits != "1000";
  std::string out = year ? number_or_year(digits) : cardinal(digits, true);
  std::erase(out, ',');
  std::replace(out.begin(), out.end(), '-', ' ');
  return out;
}

std::string expand_numerals(const std::string& text) {
  return replace_numbers(text, [&](const std::string& digits, size_t& end) {
    std::string words = number_words(digits);
    std::string suffix;
    for (const char* s : {"'s", "s"})
      if (suffix.empty() && text.compare(end, std::string_view(s).size(), s) == 0) suffix = s;
    end += suffix.size();
    if (!suffix.empty() && words.back() == 'y') {
      words.pop_back();
      suffix = "ies";
    }
    return words + suffix;
  });
}

}  // namespace

std::string fastpitch_currency(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const std::string words = money_at(text, i);
    out += words.empty() ? std::string(1, text[i++]) : words;
  }
  return out;
}

std::string fastpitch_numbers(const std::string& text) {
  const std::string plain = expand_decimals(fastpitch_currency(remove_commas(text)));
  return expand_numerals(expand_products(expand_roman(expand_ordinals(plain))));
}

}  // namespace vl::text
