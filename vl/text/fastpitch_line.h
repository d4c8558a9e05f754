#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vl/text/fastpitch_text.h"
#include "vl/text/marked_lines.h"

namespace vl::text {

/// One line as FastPitch reads it, symbol by symbol.
struct FastPitchLine {
  struct Break {
    size_t symbol = 0;  ///< before this one; ids.size(): at the end
    double seconds = 0;
  };
  struct Word {
    std::string text;           ///< as it is spoken, with its marks
    size_t begin = 0, end = 0;  ///< symbols
  };
  std::vector<int64_t> ids;
  std::vector<SpeechStyle> styles;  ///< one a symbol
  std::vector<Break> breaks;        ///< in order
  std::vector<Word> words;
  std::string cleaned;  ///< normalised words
  std::vector<std::string> unknown_words;

  bool empty() const { return ids.empty(); }
};

/// Reads a line as one: styles and breaks change no symbol. Where a rule reads across the border of
/// two styles ("$5" and "million"), the border stands as near as the words tell. A line that holds
/// marks only is empty.
/// @throws as FastPitchFrontEnd::read, but not for text without symbols
FastPitchLine fastpitch_line(const MarkedLine& line, const FastPitchFrontEnd& front_end,
                             uint32_t seed = 0);

}  // namespace vl::text
