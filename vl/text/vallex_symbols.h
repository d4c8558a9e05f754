#pragma once

#include <cstdint>

namespace vl::text {

/// Ids of symbols are below it.
constexpr int64_t kVallexSymbols = 70;

/// Id of a code point in VALL-E X's table of 65 phoneme symbols (5 "!" .. 69 "↓"; "_" stands for a
/// blank), or 0: unknown.
int64_t vallex_symbol_id(uint32_t code);

}  // namespace vl::text
