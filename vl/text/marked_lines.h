#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vl/text/markup.h"

namespace vl::text {

/// A piece of a line in one style. Pieces of a line follow each other as they stand: a blank
/// between them belongs to one of them.
struct MarkedSpan {
  std::string text;
  SpeechStyle style;
  double pause_s = 0;  ///< silence before it
};

/// What is spoken in one breath: a sentence or a part of one that is too long.
struct MarkedLine {
  std::vector<MarkedSpan> spans;
  double pause_after_s = 0;       ///< silence that was asked for at the end of the text
  bool begins_sentence = true;    ///< false: the rest of a sentence that was cut
  bool begins_paragraph = false;  ///< an empty line stands before it

  std::string text() const;
};

/// The sentences of a text with their styles and breaks; none is empty.
/// @param fits may a line be as long as this? Sentences for which it says no are cut
///   (split_to_fit)
/// @throws Error(kBadText) for text that is not UTF-8
std::vector<MarkedLine> marked_lines(const MarkedText& marked, const std::string& language,
                                     const std::function<bool(const std::string&)>& fits);

}  // namespace vl::text
