#include "vl/text/vallex_symbols.h"

#include <map>

#include "vl/text/ascii_fold.h"

namespace vl::text {

namespace {

constexpr int64_t kFirstSymbol = 5;
constexpr const char* kSymbols =
    "!#*,-.=?NQ^_`abdefghijklmnopstuvwxyz~æçðŋɑɔəɛɥɪɫɯɸɹɾʃʊʑʒʰˈˌθ…⁼↑→↓";

}  // namespace

int64_t vallex_symbol_id(uint32_t code) {
  static const std::map<uint32_t, int64_t> ids = [] {
    std::map<uint32_t, int64_t> out;
    int64_t id = kFirstSymbol;
    for (const uint32_t c : decode_utf8(kSymbols)) out[c] = id++;
    return out;
  }();
  const auto it = ids.find(code);
  return it == ids.end() ? 0 : it->second;
}

}  // namespace vl::text
