#include "vl/text/numbers_zh.h"

#include <algorithm>
#include <array>

#include "vl/text/ascii_fold.h"

namespace vl::text {

namespace {

constexpr size_t kMostDigits = 16;
constexpr std::array<const char*, 10> kDigits = {"零", "一", "二", "三", "四",
                                                 "五", "六", "七", "八", "九"};
constexpr std::array<const char*, 4> kPlaces = {"", "十", "百", "千"};  // within a group of four
constexpr std::array<const char*, 4> kGroups = {"", "万", "亿", "万"};  // the last one is of 亿

const char* word_of(char digit) { return kDigits[static_cast<size_t>(digit - '0')]; }

std::string digit_by_digit(const std::string& digits) {
  std::string out;
  for (const char d : digits) out += word_of(d);
  return out;
}

/// '0'..'9' for an ASCII or full-width digit, else 0.
char digit_of(uint32_t c) {
  if (c >= '0' && c <= '9') return static_cast<char>(c);
  return c >= 0xFF10 && c <= 0xFF19 ? static_cast<char>(c - 0xFF10 + '0') : '\0';
}

std::string digits_at(const std::vector<uint32_t>& codes, size_t at) {
  std::string out;
  for (; at < codes.size() && digit_of(codes[at]) != '\0'; ++at) out += digit_of(codes[at]);
  return out;
}

}  // namespace

std::string chinese_cardinal(const std::string& raw) {
  const size_t first = raw.find_first_not_of('0');
  if (first == std::string::npos) return kDigits[0];
  const std::string digits = raw.substr(first);
  if (digits.size() > kMostDigits) return digit_by_digit(digits);
  std::string out;
  bool gap = false, group_spoken = false, higher_spoken = false;
  for (size_t place = digits.size(); place-- > 0;) {
    const char digit = digits[digits.size() - 1 - place];
    if (digit != '0') {
      // No 零 before thousands: the group's unit stands there.
      if (gap && place % 4 != 3) out += kDigits[0];
      if (!(out.empty() && digit == '1' && place % 4 == 1)) out += word_of(digit);
      out += kPlaces[place % 4];
      gap = false;
      group_spoken = true;
    } else {
      gap = true;
    }
    if (place % 4 != 0) continue;
    const size_t group = place / 4;
    // 亿 also closes a group of zeros below 万亿.
    if (group_spoken || (group == 2 && higher_spoken)) out += kGroups[group];
    higher_spoken = higher_spoken || group_spoken;
    group_spoken = false;
  }
  return out;
}

std::string chinese_numbers(const std::string& text) {
  const std::vector<uint32_t> codes = decode_utf8(text);
  std::string out;
  for (size_t i = 0; i < codes.size();) {
    const std::string whole = digits_at(codes, i);
    if (whole.empty()) {
      append_utf8(out, codes[i++]);
      continue;
    }
    out += chinese_cardinal(whole);
    i += whole.size();
    if (i >= codes.size() || codes[i] != '.') continue;
    const std::string decimals = digits_at(codes, i + 1);
    if (decimals.empty()) continue;
    out += "点" + digit_by_digit(decimals.substr(0, kMostDigits));
    i += 1 + decimals.size();
  }
  return out;
}

}  // namespace vl::text
