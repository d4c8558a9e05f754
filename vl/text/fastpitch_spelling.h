#pragma once

#include <string>

namespace vl::text {

// Rules of the English cleaners after numbers became words. Both take ASCII text and follow
// abbreviations.py and acronyms.py of NVIDIA's FastPitch 1.1.

/// Signs (% & @), ".com" and its like, titles and other words with a full stop ("Dr.": "doctor").
std::string fastpitch_abbreviations(const std::string& text);

/// Runs of capitals as letters with full stops ("GPUs": "G.P.U.'s"), "email" as "e-mail".
std::string fastpitch_acronyms(const std::string& text);

}  // namespace vl::text
