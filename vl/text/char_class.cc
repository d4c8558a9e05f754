#include "vl/text/char_class.h"

#include <algorithm>

#include "vl/text/ascii_fold.h"

namespace vl::text {

bool starts_with_any_case(std::string_view text, size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return false;
  return std::equal(word.begin(), word.end(), text.begin() + static_cast<long>(at),
                    [](char w, char t) { return w == lower(t); });
}

size_t blank_length(std::string_view text, size_t at) {
  if (is_blank(text[at])) return 1;
  const auto begins = [&](std::string_view bytes) {
    return text.substr(at, bytes.size()) == bytes;
  };
  if (begins("\u0085") || begins("\u00A0")) return 2;
  for (const char* wide : {"\u1680", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"})
    if (begins(wide)) return 3;
  const bool space = begins("\xE2\x80") && at + 2 < text.size() &&
                     static_cast<unsigned char>(text[at + 2]) <= 0x8A;  // U+2000 to U+200A
  return space ? 3 : 0;
}

std::string collapse_blanks(std::string_view text) {
  std::string out;
  bool blank = false;
  for (size_t i = 0; i < text.size();) {
    const size_t n = blank_length(text, i);
    if (n == 0)
      out += text[i];
    else if (!blank)
      out += ' ';
    blank = n > 0;
    i += std::max<size_t>(n, 1);
  }
  return out;
}

std::string to_lower(const std::string& text) {
  std::string out;
  for (const uint32_t c : decode_utf8(text)) {
    if (c < 0x80) {
      out += lower(static_cast<char>(c));
      continue;
    }
    const LowerRow* end = kLowerTable + kLowerTableSize;
    const LowerRow* row = std::lower_bound(
        kLowerTable, end, c, [](const LowerRow& r, uint32_t code) { return r.last < code; });
    const bool capital =
        row != end && c >= row->first && (c - row->first) % static_cast<uint32_t>(row->stride) == 0;
    append_utf8(out, capital ? static_cast<uint32_t>(static_cast<int32_t>(c) + row->distance) : c);
    if (c == 0x130) out += "\u0307";  // the only letter that becomes two: a dot stays above its i
  }
  return out;
}

}  // namespace vl::text
