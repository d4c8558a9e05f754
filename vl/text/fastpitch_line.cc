#include "vl/text/fastpitch_line.h"

#include <algorithm>
#include <utility>

#include "vl/core/error.h"
#include "vl/text/char_class.h"

namespace vl::text {

namespace {

/// The text's words, apart at blanks outside groups {...}.
std::vector<std::string> words_of(const std::string& cleaned) {
  std::vector<std::string> out(1);
  for (size_t at = 0; at < cleaned.size();) {
    size_t end = at + 1;
    if (cleaned[at] == '{')
      if (const size_t close = cleaned.find('}', at + 2); close != std::string::npos)
        end = close + 1;
    if (cleaned[at] == ' ')
      out.emplace_back();
    else
      out.back() += cleaned.substr(at, end - at);
    at = end;
  }
  return out;
}

/// Where each piece of a line's text comes to stand among its symbols. The line is read as one, so
/// that styles change no symbol; a place between two words is found by reading what is before it, a
/// place inside a word by its share of the word.
class Places {
 public:
  Places(std::string text, const FastPitchFrontEnd& front_end, uint32_t seed)
      : text_(std::move(text)), front_end_(front_end), seed_(seed), whole_(read(text_)) {}

  const FastPitchText& whole() const { return whole_; }

  /// Symbols before byte `at`.
  size_t symbol_at(size_t at) const {
    size_t begin = at, end = at;
    while (begin > 0 && !blank_before(begin)) --begin;
    while (end < text_.size() && blank_length(text_, end) == 0) ++end;
    if (begin == at || end == at) return outside(at);
    const size_t from = outside(begin), to = std::max(from, outside(end));
    return from + (to - from) * (at - begin) / (end - begin);
  }

 private:
  FastPitchText read(const std::string& text) const {
    try {
      return front_end_.read(text, seed_);
    } catch (const Error& e) {
      if (e.code() == Code::kBadText) return {};  // nothing that the symbols have
      throw;
    }
  }

  bool blank_before(size_t at) const {
    for (const size_t n : {1, 2, 3})
      if (at >= n && blank_length(text_, at - n) == n) return true;
    return false;
  }

  /// At the start or end of a word; a blank before it counts.
  size_t outside(size_t at) const {
    if (at == 0) return 0;
    if (at >= text_.size()) return whole_.ids.size();
    const std::vector<int64_t> before = read(text_.substr(0, at)).ids;
    const size_t count =
        std::min(before.size() + (!before.empty() && blank_before(at) ? 1 : 0), whole_.ids.size());
    const bool same = before.size() <= whole_.ids.size() &&
                      std::equal(before.begin(), before.end(), whole_.ids.begin());
    return same ? count : word_start(count);
  }

  /// The start of a word that is nearest to a symbol.
  size_t word_start(size_t symbol) const {
    const int64_t blank = front_end_.symbols().id(" ");
    size_t best = 0;
    for (size_t i = 0; i <= whole_.ids.size(); ++i) {
      const bool start = i == whole_.ids.size() || (i > 0 && whole_.ids[i - 1] == blank);
      const auto distance = [&](size_t at) { return at > symbol ? at - symbol : symbol - at; };
      if (start && distance(i) < distance(best)) best = i;
    }
    return best;
  }

  std::string text_;
  const FastPitchFrontEnd& front_end_;
  uint32_t seed_;
  FastPitchText whole_;
};

void add_words(const FastPitchText& read, int64_t blank, FastPitchLine& line) {
  size_t at = 0;
  for (const std::string& word : words_of(read.cleaned)) {
    if (at > read.ids.size()) break;
    const auto end = static_cast<size_t>(
        std::find(read.ids.begin() + static_cast<std::ptrdiff_t>(at), read.ids.end(), blank) -
        read.ids.begin());
    if (end > at) line.words.push_back({word, at, end});
    at = end + 1;
  }
}

}  // namespace

FastPitchLine fastpitch_line(const MarkedLine& line, const FastPitchFrontEnd& front_end,
                             uint32_t seed) {
  const Places places(line.text(), front_end, seed);
  const auto& set = front_end.symbols();
  FastPitchLine out{.ids = places.whole().ids,
                    .cleaned = places.whole().cleaned,
                    .unknown_words = places.whole().unknown_words};
  const auto speaks = [&](int64_t id) { return set.kind(id) != SymbolKind::kPause; };
  if (std::none_of(out.ids.begin(), out.ids.end(), speaks)) return {};
  size_t begin = 0, at = 0;
  double pause = 0;
  for (size_t i = 0; i < line.spans.size(); ++i) {
    const MarkedSpan& span = line.spans[i];
    pause += span.pause_s;
    if (pause > 0 && (begin < out.ids.size() || i + 1 == line.spans.size()))
      out.breaks.push_back({begin, std::exchange(pause, 0)});
    at += span.text.size();
    const size_t end =
        i + 1 == line.spans.size() ? out.ids.size() : std::max(begin, places.symbol_at(at));
    out.styles.insert(out.styles.end(), end - begin, span.style);
    begin = end;
  }
  if (pause + line.pause_after_s > 0)
    out.breaks.push_back({out.ids.size(), pause + line.pause_after_s});
  add_words(places.whole(), set.id(" "), out);
  return out;
}

}  // namespace vl::text
