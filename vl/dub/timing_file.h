#pragma once

#include <string>
#include <vector>

namespace vl::dub {

/// When something is spoken, seconds from the start of the sound.
struct TimedText {
  std::string text;
  double start_s = 0, end_s = 0;
};

/// One line of speech, word by word and symbol by symbol.
struct TimedLine : TimedText {
  std::vector<TimedText> words, symbols;
};

/// Refuses names that end in none of .json .tsv .srt. @throws Error(kBadValue)
void check_timing_name(const std::string& path);

/// What a file of this name holds: JSON {"lines":[{text,start_s,end_s,words,symbols}]}, TSV of
/// start, end and word, or SRT with one entry a line. Control characters become blanks.
std::string timing_text(const std::string& path, const std::vector<TimedLine>& lines);

}  // namespace vl::dub
