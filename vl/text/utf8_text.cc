#include "vl/text/utf8_text.h"

#include "vl/text/ascii_fold.h"

namespace vl::text {

Utf8Text::Utf8Text(std::string_view text) : bytes_(text), codes_(decode_utf8(bytes_)) {
  starts_.reserve(codes_.size() + 1);
  uint32_t at = 0;
  for (const uint32_t c : codes_) {
    starts_.push_back(at);
    at += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  }
  starts_.push_back(at);
}

std::string_view Utf8Text::slice(size_t begin, size_t end) const {
  return std::string_view(bytes_).substr(starts_[begin], starts_[end] - starts_[begin]);
}

}  // namespace vl::text
