#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vl::text {

/// How a stretch of text is spoken. Those of nested tags are combined: factors multiply, shifts and
/// gains add.
struct SpeechStyle {
  double rate = 1;            ///< above 1 is faster
  double pitch_scale = 1;     ///< factor on the pitch in Hz
  double pitch_shift_hz = 0;  ///< then added
  double gain_db = 0;         ///< of the sound

  bool operator==(const SpeechStyle&) const = default;
};

/// Silence that was asked for.
struct SpeechBreak {
  size_t at = 0;  ///< byte of the text before which it stands; the text's length: at its end
  double seconds = 0;
};

/// Text without its tags.
struct MarkedText {
  struct Run {
    size_t end = 0;  ///< byte behind the run
    SpeechStyle style;
  };
  std::string text;
  std::vector<Run> runs;            ///< in order, the last one ends with the text
  std::vector<SpeechBreak> breaks;  ///< in order
};

/// All of the text in one style.
MarkedText unmarked(const std::string& text);

/// Reads a small part of SSML (W3C 2010):
///   <break time="300ms"/>   also in s, 0 to 10 s at one place; or strength: none x-weak weak
///   medium strong
///                           x-strong; without either medium (0.4 s), with both the time
///   <emphasis>...</emphasis>   level: strong moderate (default) reduced none
///   <prosody rate="" pitch="" volume="">...</prosody>
///       rate    x-slow slow medium fast x-fast, a factor (0.8) or percent (80%, +10%, -10%)
///       pitch   x-low low medium high x-high, or a change: +2st, -10%, +20Hz
///       volume  silent x-soft soft medium loud x-loud, or a change in decibels: -6dB
/// and the entities &lt; &gt; &amp; &quot; &apos;. Any other "<" is an error; other "&" stay.
/// @throws Error(kBadText) with the line: unknown tag or attribute, a tag that is not closed or not
/// open, a value of another form, rates that come to less than 0.5 or more than 2
MarkedText parse_markup(const std::string& text);

}  // namespace vl::text
