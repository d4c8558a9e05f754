#include "vl/text/ascii_fold.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::text {

std::vector<uint32_t> decode_utf8(const std::string& text) {
  if (const size_t at = invalid_utf8(text); at != std::string::npos)
    throw Error(Code::kBadText, fmt::format("text is not UTF-8 (byte {})", at), {},
                {"save the text as UTF-8"});
  std::vector<uint32_t> out;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    uint32_t code = n == 1 ? c : c & (0x7FU >> n);
    for (size_t k = 1; k < n; ++k)
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    out.push_back(code);
    i += n;
  }
  return out;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string fold_to_ascii(const std::string& text) {
  std::string out;
  for (const uint32_t code : decode_utf8(text)) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      continue;
    }
    const FoldRow* end = kFoldTable + kFoldTableSize;
    const FoldRow* row = std::lower_bound(kFoldTable, end, code,
                                          [](const FoldRow& r, uint32_t c) { return r.code < c; });
    if (row != end && row->code == code) out += row->ascii;
  }
  return out;
}

}  // namespace vl::text
