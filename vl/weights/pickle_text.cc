#include "vl/weights/pickle_text.h"

#include <algorithm>
#include <cstdint>

#include "vl/core/file.h"

namespace vl::weights {

namespace {

constexpr size_t kShown = 80;

void append_utf8(std::string& out, uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Up to `most` digits of `base` from text[at] on; `at` moves behind them.
uint32_t digits(std::string_view text, size_t& at, int most, int base) {
  uint32_t value = 0;
  for (int i = 0; i < most && at < text.size() && digit(text[at]) < base; ++i)
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit(text[at++]));
  return value;
}

}  // namespace

std::string unquote_literal(std::string_view s) {
  if (s.size() >= 2 && (s.front() == '\'' || s.front() == '"') && s.back() == s.front())
    s = s.substr(1, s.size() - 2);
  static constexpr std::string_view kCodes = "abfnrtv", kBytes = "\a\b\f\n\r\t\v";
  std::string out;
  for (size_t at = 0; at < s.size();) {
    const char c = s[at++];
    if (c != '\\' || at == s.size()) {
      out += c;
    } else if (s[at] == 'x') {
      out += static_cast<char>(digits(s, ++at, 2, 16));
    } else if (digit(s[at]) < 8) {
      out += static_cast<char>(digits(s, at, 3, 8));
    } else {
      const size_t code = kCodes.find(s[at]);
      out += code == std::string_view::npos ? s[at] : kBytes[code];
      ++at;
    }
  }
  return out;
}

std::string decode_unicode_line(std::string_view s) {
  std::string out;
  for (size_t at = 0; at < s.size();) {
    const char c = s[at++];
    const bool escape = c == '\\' && at < s.size() && (s[at] == 'u' || s[at] == 'U');
    if (!escape) {
      append_utf8(out, static_cast<uint8_t>(c));  // the rest of such a line is Latin-1
      continue;
    }
    const int most = s[at++] == 'u' ? 4 : 8;
    append_utf8(out, digits(s, at, most, 16));
  }
  return out;
}

std::string to_utf8(const std::string& bytes) {
  if (invalid_utf8(bytes) == std::string::npos) return bytes;
  std::string out;
  for (const char c : bytes) append_utf8(out, static_cast<uint8_t>(c));
  return out;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, kShown));
  for (char& c : out)
    if (static_cast<uint8_t>(c) < 0x20 || static_cast<uint8_t>(c) >= 0x7F) c = '?';
  return text.size() > kShown ? out + "..." : out;
}

}  // namespace vl::weights
