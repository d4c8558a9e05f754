#include "vl/text/fastpitch_line.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/text/char_class.h"

namespace vl::text {

namespace {

/// The text's words, apart at blanks outside braces.
std::vector<std::string> words_of(const std::string& cleaned) {
  std::vector<std::string> out(1);
  bool inside = false;
  for (const char c : cleaned) {
    inside = c == '{' || (inside && c != '}');
    if (c == ' ' && !inside)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

class LineReader {
 public:
  LineReader(const FastPitchFrontEnd& front_end, uint32_t seed)
      : front_end_(front_end), seed_(seed), blank_(front_end.symbols().id(" ")) {}

  void add(const MarkedSpan& span) {
    pause_ += span.pause_s;
    apart_ = apart_ || blank_length(span.text, 0) > 0;
    const FastPitchText read = text_of(span.text);
    if (!read.ids.empty()) {
      if (apart_ && !line_.ids.empty() && blank_ >= 0)
        push({blank_}, blank_length(span.text, 0) > 0 ? span.style : line_.styles.back());
      if (pause_ > 0) line_.breaks.push_back({line_.ids.size(), pause_});
      pause_ = 0;
      add_words(read, line_.ids.size(), apart_ || line_.words.empty());
      push(read.ids, span.style);
      line_.cleaned += (apart_ && !line_.cleaned.empty() ? " " : "") + read.cleaned;
      line_.unknown_words.insert(line_.unknown_words.end(), read.unknown_words.begin(),
                                 read.unknown_words.end());
      apart_ = false;
    }
    apart_ = apart_ || (!span.text.empty() && span.text.back() == ' ');
  }

  FastPitchLine finish(double pause_after) {
    const auto& set = front_end_.symbols();
    const auto speaks = [&](int64_t id) { return set.kind(id) != SymbolKind::kPause; };
    if (std::none_of(line_.ids.begin(), line_.ids.end(), speaks)) return {};
    if (pause_ + pause_after > 0) line_.breaks.push_back({line_.ids.size(), pause_ + pause_after});
    return std::move(line_);
  }

 private:
  FastPitchText text_of(const std::string& text) const {
    try {
      return front_end_.read(text, seed_);
    } catch (const Error& e) {
      if (e.code() == Code::kBadText) return {};  // nothing that the symbols have
      throw;
    }
  }

  void push(const std::vector<int64_t>& ids, const SpeechStyle& style) {
    line_.ids.insert(line_.ids.end(), ids.begin(), ids.end());
    line_.styles.insert(line_.styles.end(), ids.size(), style);
  }

  /// @param fresh the first of them does not continue the last word
  void add_words(const FastPitchText& read, size_t begin, bool fresh) {
    const std::vector<std::string> words = words_of(read.cleaned);
    size_t at = 0;
    for (size_t i = 0; i < words.size() && at <= read.ids.size(); ++i) {
      const auto end = static_cast<size_t>(
          std::find(read.ids.begin() + static_cast<std::ptrdiff_t>(at), read.ids.end(), blank_) -
          read.ids.begin());
      if (i == 0 && !fresh) {
        line_.words.back().text += words[i];
        line_.words.back().end = begin + end;
      } else if (end > at) {
        line_.words.push_back({words[i], begin + at, begin + end});
      }
      at = end + 1;
    }
  }

  const FastPitchFrontEnd& front_end_;
  uint32_t seed_;
  int64_t blank_;
  FastPitchLine line_;
  double pause_ = 0;
  bool apart_ = false;
};

}  // namespace

FastPitchLine fastpitch_line(const MarkedLine& line, const FastPitchFrontEnd& front_end,
                             uint32_t seed) {
  LineReader reader(front_end, seed);
  for (const MarkedSpan& span : line.spans) reader.add(span);
  return reader.finish(line.pause_after_s);
}

}  // namespace vl::text
