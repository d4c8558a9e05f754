#pragma once

#include <string>

namespace vl::text {

/// Whose list of abbreviations: FastPitch's has ms., sen. and etc. beside those of VALL-E X.
enum class Abbreviations { kVallex, kFastPitch };

/// "dr." at a word start, in any case, as "doctor", and so on; the full stop is eaten.
/// @param text ASCII
std::string expand_abbreviations(std::string text, Abbreviations list);

}  // namespace vl::text
