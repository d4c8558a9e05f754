#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vl::text {

/// Code points of well-formed UTF-8. @throws Error(kBadText) "text is not UTF-8 (byte N)"
std::vector<uint32_t> decode_utf8(const std::string& text);
void append_utf8(std::string& out, uint32_t code);

/// ASCII folding of English text: accents dropped, typographic marks as their plain forms ("£"
/// becomes the letters PS, as in the public front end); what has no ASCII form is dropped.
std::string fold_to_ascii(const std::string& text);

/// One row of the generated table, sorted by code.
struct FoldRow {
  uint16_t code;
  const char* ascii;
};
extern const FoldRow kFoldTable[];
extern const size_t kFoldTableSize;

}  // namespace vl::text
