#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// Code points of a text and where each begins, for tables whose keys are UTF-8.
class Utf8Text {
 public:
  /// @throws Error(kBadText) as decode_utf8
  explicit Utf8Text(std::string_view text);

  size_t size() const { return codes_.size(); }
  uint32_t operator[](size_t i) const { return codes_[i]; }
  /// Bytes of the code points [begin, end).
  std::string_view slice(size_t begin, size_t end) const;

 private:
  std::string bytes_;
  std::vector<uint32_t> codes_, starts_;  // starts_ has the end of the text as its last entry
};

/// The block U+4E00..U+9FFF, which is what VALL-E X's front end takes for Chinese characters.
constexpr bool is_han(uint32_t code) { return code >= 0x4E00 && code <= 0x9FFF; }

}  // namespace vl::text
