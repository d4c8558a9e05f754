#include "vl/text/markup.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "vl/core/error.h"
#include "vl/text/char_class.h"

namespace vl::text {

namespace {

constexpr double kLongestBreak = 10, kSlowest = 0.5, kFastest = 2, kMostDb = 20, kSilentDb = -120;
constexpr double kMostSemitones = 24;

using Words = std::map<std::string, double>;

const Words& break_words() {
  static const Words words = {{"none", 0},     {"x-weak", 0.1}, {"weak", 0.2},
                              {"medium", 0.4}, {"strong", 0.7}, {"x-strong", 1.2}};
  return words;
}
const Words& rate_words() {
  static const Words words = {
      {"x-slow", 0.6}, {"slow", 0.8}, {"medium", 1}, {"fast", 1.25}, {"x-fast", 1.6}};
  return words;
}
/// Semitones.
const Words& pitch_words() {
  static const Words words = {
      {"x-low", -5}, {"low", -2.5}, {"medium", 0}, {"high", 2.5}, {"x-high", 5}};
  return words;
}
/// Decibels.
const Words& volume_words() {
  static const Words words = {{"silent", kSilentDb}, {"x-soft", -12}, {"soft", -6},
                              {"medium", 0},         {"loud", 4},     {"x-loud", 8}};
  return words;
}

double semitones(double n) { return std::pow(2.0, n / 12.0); }

/// Emphasis is slower, higher and louder.
const std::map<std::string, SpeechStyle>& emphasis_levels() {
  static const std::map<std::string, SpeechStyle> levels = {
      {"strong", {.rate = 0.8, .pitch_scale = semitones(3), .gain_db = 3}},
      {"moderate", {.rate = 0.9, .pitch_scale = semitones(1.5), .gain_db = 1.5}},
      {"reduced", {.rate = 1.1, .pitch_scale = semitones(-1), .gain_db = -2}},
      {"none", {}}};
  return levels;
}

SpeechStyle combined(const SpeechStyle& outer, const SpeechStyle& inner) {
  return {.rate = outer.rate * inner.rate,
          .pitch_scale = outer.pitch_scale * inner.pitch_scale,
          .pitch_shift_hz = outer.pitch_shift_hz + inner.pitch_shift_hz,
          .gain_db = std::max(outer.gain_db + inner.gain_db, kSilentDb)};
}

struct Number {
  double value;
  std::string unit;  ///< what stands behind it
  bool has_sign;
};

/// "+2.5st" -> 2.5 and "st".
std::optional<Number> number_of(const std::string& text) {
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  size_t end = has_sign ? 1 : 0;
  const size_t digits = end;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  if (end == digits || std::count(text.begin(), text.end(), '.') > 1) return std::nullopt;
  const std::string number = text.substr(0, end);
  if (number.find_first_of("0123456789") == std::string::npos || number.size() > 12)
    return std::nullopt;
  return Number{std::strtod(number.c_str(), nullptr), text.substr(end), has_sign};
}

class Parser {
 public:
  explicit Parser(const std::string& text) : in_(text) {}

  MarkedText run() {
    while (at_ < in_.size()) {
      if (in_[at_] == '<')
        tag();
      else if (in_[at_] == '&')
        entity();
      else
        plain(in_[at_++]);
    }
    if (!open_.empty())
      refuse(open_.back().at, fmt::format("<{}> is not closed", open_.back().name));
    close_run();
    if (out_.runs.empty()) out_.runs.push_back({0, {}});
    return std::move(out_);
  }

 private:
  struct Open {
    std::string name;
    SpeechStyle before;
    size_t at;
  };
  struct Attribute {
    std::string name, value;
  };

  [[noreturn]] void refuse(size_t at, const std::string& what) const {
    const long line = 1 + std::count(in_.begin(), in_.begin() + static_cast<long>(at), '\n');
    throw Error(Code::kBadText, "markup: " + what, {.line = line},
                {"the tags are <break/>, <emphasis> and <prosody>; write &lt; for a \"<\""});
  }

  void close_run() {
    const size_t begin = out_.runs.empty() ? 0 : out_.runs.back().end;
    if (out_.text.size() > begin) out_.runs.push_back({out_.text.size(), style_});
  }

  void entity() {
    static const std::map<std::string, char> names = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (const auto& [name, sign] : names)
      if (in_.compare(at_, name.size(), name) == 0) {
        plain(sign);
        at_ += name.size();
        return;
      }
    plain(in_[at_++]);
  }

  void plain(char c) {
    out_.text += c;
    if (!is_blank(c)) silence_ = 0;
  }

  void blanks() {
    while (at_ < in_.size() && is_blank(in_[at_])) ++at_;
  }
  std::string name() {
    const size_t begin = at_;
    while (at_ < in_.size() && (is_word(in_[at_]) || in_[at_] == '-')) ++at_;
    return in_.substr(begin, at_ - begin);
  }

  Attribute attribute(size_t tag) {
    Attribute out{.name = name(), .value = {}};
    blanks();
    const bool equals = at_ < in_.size() && in_[at_] == '=';
    if (equals) ++at_;
    blanks();
    const char quote = at_ < in_.size() ? in_[at_] : '\0';
    const size_t end = quote == '"' || quote == '\'' ? in_.find(quote, at_ + 1) : std::string::npos;
    if (out.name.empty() || !equals || end == std::string::npos)
      refuse(tag, "a tag is not well formed; attributes have the form name=\"value\"");
    out.value = in_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out;
  }

  void tag() {
    const size_t begin = at_++;
    const bool closing = at_ < in_.size() && in_[at_] == '/';
    if (closing) ++at_;
    const std::string tag = name();
    if (tag != "break" && tag != "emphasis" && tag != "prosody")
      refuse(begin,
             tag.empty() ? "a \"<\" that begins no tag" : fmt::format("unknown tag <{}>", tag));
    std::vector<Attribute> attributes;
    for (blanks(); at_ < in_.size() && in_[at_] != '>' && in_[at_] != '/'; blanks())
      attributes.push_back(attribute(begin));
    const bool empty = at_ < in_.size() && in_[at_] == '/';
    if (empty) ++at_;
    if (at_ >= in_.size() || in_[at_] != '>') refuse(begin, fmt::format("<{}> has no end", tag));
    ++at_;
    if (closing)
      close(begin, tag, empty || !attributes.empty());
    else if (tag == "break")
      pause(begin, attributes, empty);
    else
      open(begin, tag, attributes, empty);
  }

  void close(size_t begin, const std::string& tag, bool more) {
    if (tag == "break" || more || open_.empty() || open_.back().name != tag)
      refuse(begin, fmt::format("</{}> closes nothing", tag));
    close_run();
    style_ = open_.back().before;
    open_.pop_back();
  }

  void pause(size_t begin, const std::vector<Attribute>& attributes, bool empty) {
    if (!empty) refuse(begin, "a break is written <break .../>");
    std::optional<double> time;
    double seconds = break_words().at("medium");
    for (const Attribute& a : attributes) {
      if (a.name == "strength") {
        seconds = word(begin, a, break_words());
      } else if (a.name == "time") {
        const auto n = number_of(a.value);
        if (!n || n->has_sign || (n->unit != "ms" && n->unit != "s"))
          bad(begin, a, "300ms or 1.5s");
        time = n->unit == "ms" ? n->value / 1000 : n->value;
      } else {
        unknown(begin, "break", a, {"time", "strength"});
      }
    }
    seconds = time.value_or(seconds);
    silence_ += seconds;
    if (silence_ > kLongestBreak)
      refuse(begin, fmt::format("a break of {:g} s, limit {:g} s", silence_, kLongestBreak));
    if (seconds > 0) out_.breaks.push_back({out_.text.size(), seconds});
  }

  void open(size_t begin, const std::string& tag, const std::vector<Attribute>& attributes,
            bool empty) {
    SpeechStyle inner = tag == "emphasis" ? emphasis_levels().at("moderate") : SpeechStyle{};
    for (const Attribute& a : attributes) {
      if (tag == "emphasis") {
        const auto level = emphasis_levels().find(a.value);
        if (a.name != "level") unknown(begin, tag, a, {"level"});
        if (level == emphasis_levels().end()) bad(begin, a, "strong, moderate, reduced or none");
        inner = level->second;
      } else if (a.name == "rate") {
        inner.rate = rate(begin, a);
      } else if (a.name == "pitch") {
        pitch(begin, a, inner);
      } else if (a.name == "volume") {
        inner.gain_db = volume(begin, a);
      } else {
        unknown(begin, tag, a, {"rate", "pitch", "volume"});
      }
    }
    if (empty) return;
    close_run();
    open_.push_back({tag, style_, begin});
    style_ = combined(style_, inner);
    if (style_.rate < kSlowest || style_.rate > kFastest)
      refuse(begin, fmt::format("the rate comes to {:.2f}, it must lie in {} to {}", style_.rate,
                                kSlowest, kFastest));
  }

  double rate(size_t begin, const Attribute& a) const {
    if (rate_words().count(a.value) != 0) return rate_words().at(a.value);
    const auto n = number_of(a.value);
    if (!n || (n->unit != "%" && !(n->unit.empty() && !n->has_sign)))
      bad(begin, a, "a word from x-slow to x-fast, 0.8, 80% or -20%");
    if (n->unit.empty()) return n->value;
    return n->has_sign ? 1 + n->value / 100 : n->value / 100;
  }

  void pitch(size_t begin, const Attribute& a, SpeechStyle& style) const {
    if (pitch_words().count(a.value) != 0) {
      style.pitch_scale = semitones(pitch_words().at(a.value));
      return;
    }
    const auto n = number_of(a.value);
    const std::string unit = n && n->has_sign ? to_lower(n->unit) : "";
    if (unit == "hz" && std::abs(n->value) <= 500)
      style.pitch_shift_hz = n->value;
    else if (unit == "st" && std::abs(n->value) <= kMostSemitones)
      style.pitch_scale = semitones(n->value);
    else if (unit == "%" && n->value >= -75 && n->value <= 300)
      style.pitch_scale = 1 + n->value / 100;
    else
      bad(begin, a, "a word from x-low to x-high, +2st, -10% or +20Hz");
  }

  double volume(size_t begin, const Attribute& a) const {
    if (volume_words().count(a.value) != 0) return volume_words().at(a.value);
    const auto n = number_of(a.value);
    if (!n || !n->has_sign || to_lower(n->unit) != "db" || std::abs(n->value) > kMostDb)
      bad(begin, a, "silent, a word from x-soft to x-loud, or -6dB (up to 20)");
    return n->value;
  }

  double word(size_t begin, const Attribute& a, const Words& words) const {
    const auto found = words.find(a.value);
    if (found == words.end()) {
      std::vector<std::string> names;
      for (const auto& item : words) names.push_back(item.first);
      bad(begin, a, fmt::format("{}", fmt::join(names, ", ")));
    }
    return found->second;
  }

  [[noreturn]] void bad(size_t begin, const Attribute& a, const std::string& forms) const {
    refuse(begin, fmt::format("{}=\"{}\"; it takes {}", a.name, a.value, forms));
  }
  [[noreturn]] void unknown(size_t begin, const std::string& tag, const Attribute& a,
                            const std::vector<std::string>& known) const {
    refuse(begin,
           fmt::format("<{}> has no attribute {}, only {}", tag, a.name, fmt::join(known, ", ")));
  }

  const std::string& in_;
  size_t at_ = 0;
  MarkedText out_;
  SpeechStyle style_;
  std::vector<Open> open_;
  double silence_ = 0;  ///< seconds of breaks since the last word
};

}  // namespace

MarkedText unmarked(const std::string& text) {
  return {.text = text, .runs = {{text.size(), {}}}, .breaks = {}};
}

MarkedText parse_markup(const std::string& text) { return Parser(text).run(); }

}  // namespace vl::text
