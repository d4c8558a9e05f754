#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl {

namespace {

/// Length of the well-formed sequence at `p`, or 0 (RFC 3629: no overlong forms, no surrogates).
size_t sequence_length(const unsigned char* p, size_t left) {
  const unsigned char a = p[0];
  if (a < 0x80) return 1;
  const size_t n = a >= 0xC2 && a <= 0xDF ? 2 : a >= 0xE0 && a <= 0xEF ? 3 : 4;
  if (a < 0xC2 || a > 0xF4 || left < n) return 0;
  for (size_t i = 1; i < n; ++i)
    if ((p[i] & 0xC0) != 0x80) return 0;
  const bool bad = (a == 0xE0 && p[1] < 0xA0) || (a == 0xED && p[1] > 0x9F) ||
                   (a == 0xF0 && p[1] < 0x90) || (a == 0xF4 && p[1] > 0x8F);
  return bad ? 0 : n;
}

}  // namespace

size_t invalid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  for (size_t i = 0; i < text.size();) {
    const size_t n = sequence_length(p + i, text.size() - i);
    if (n == 0) return i;
    i += n;
  }
  return std::string_view::npos;
}

std::string clean_text(std::string bytes, const std::string& name) {
  if (const size_t at = invalid_utf8(bytes); at != std::string::npos)
    throw Error(Code::kBadText, fmt::format("text is not UTF-8 (byte {})", at), Where{.file = name},
                {"save the text as UTF-8"});
  if (bytes.rfind("\xEF\xBB\xBF", 0) == 0) bytes.erase(0, 3);
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != '\r' || i + 1 >= bytes.size() || bytes[i + 1] != '\n') out += bytes[i];
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
  return out;
}

}  // namespace vl
