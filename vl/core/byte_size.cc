#include "vl/core/byte_size.h"

#include <charconv>
#include <map>

#include "vl/core/error.h"

namespace vl {

uint64_t parse_byte_size(const std::string& text, const char* flag) {
  static const std::map<std::string, int> kShift = {
      {"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  constexpr uint64_t kMost = uint64_t{1} << 60;
  uint64_t value = 0;
  const char *begin = text.data(), *end = begin + text.size();
  const auto [at, error] = std::from_chars(begin, end, value);
  std::string unit(at, end);
  unit.erase(0, unit.find_first_not_of(' '));
  const auto known = kShift.find(unit);
  if (error != std::errc() || known == kShift.end() || value > (kMost >> known->second))
    fail(Code::kBadValue, "{} is \"{}\"; it takes a size such as 512MiB or 20GiB", flag, text);
  return value << known->second;
}

}  // namespace vl
