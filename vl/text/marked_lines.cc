#include "vl/text/marked_lines.h"

#include <cassert>

#include "vl/text/char_class.h"
#include "vl/text/sentences.h"

namespace vl::text {

namespace {

/// Walks through the marked text while its lines, which differ from it in blanks only, pass by.
class Walk {
 public:
  explicit Walk(const MarkedText& marked) : marked_(marked) {}

  MarkedLine line(const std::string& text) {
    MarkedLine out;
    for (size_t i = 0; i < text.size();) {
      if (const size_t n = blank_length(text, i); n > 0) {
        if (!out.spans.empty()) add(out, ' ', 0);
        i += n;
        continue;
      }
      const int breaks = skip_blanks();
      if (out.spans.empty()) out.begins_paragraph = breaks > 1;
      assert(marked_.text[at_] == text[i]);
      add(out, text[i++], pause_here());
      ++at_;
    }
    return out;
  }

  /// Silence that was asked for behind the last line.
  double rest() {
    at_ = marked_.text.size();
    return pause_here();
  }

 private:
  /// A character in the style of the marked text's place.
  void add(MarkedLine& line, char c, double pause) {
    while (marked_.runs[run_].end <= at_ && run_ + 1 < marked_.runs.size()) ++run_;
    const SpeechStyle& style = marked_.runs[run_].style;
    if (line.spans.empty() || pause > 0 || !(line.spans.back().style == style))
      line.spans.push_back({"", style, pause});
    line.spans.back().text += c;
  }

  /// @return line breaks among them
  int skip_blanks() {
    int breaks = 0;
    while (const size_t n = blank_length(marked_.text, at_)) {
      breaks += marked_.text[at_] == '\n' ? 1 : 0;
      at_ += n;
    }
    return breaks;
  }

  double pause_here() {
    double seconds = 0;
    while (break_ < marked_.breaks.size() && marked_.breaks[break_].at <= at_)
      seconds += marked_.breaks[break_++].seconds;
    return seconds;
  }

  const MarkedText& marked_;
  size_t at_ = 0, run_ = 0, break_ = 0;
};

}  // namespace

std::string MarkedLine::text() const {
  std::string out;
  for (const MarkedSpan& span : spans) out += span.text;
  return out;
}

std::vector<MarkedLine> marked_lines(const MarkedText& marked, const std::string& language,
                                     const std::function<bool(const std::string&)>& fits) {
  Walk walk(marked);
  std::vector<MarkedLine> out;
  for (const std::string& sentence : split_sentences(marked.text, language)) {
    bool first = true;
    for (const std::string& part : split_to_fit(sentence, fits)) {
      MarkedLine line = walk.line(part);
      if (line.spans.empty()) continue;
      line.begins_sentence = first;
      first = false;
      out.push_back(std::move(line));
    }
  }
  if (!out.empty()) out.back().pause_after_s = walk.rest();
  return out;
}

}  // namespace vl::text
