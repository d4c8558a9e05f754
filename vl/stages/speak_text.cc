#include "vl/stages/speak_text.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/stages/wave_stream.h"

namespace vl::stages {

namespace {

constexpr double kSlide = 0.5;
constexpr size_t kSideBySide = 4;                     // sentences
constexpr uint64_t kSlideStream = uint64_t{1} << 40;  // apart from the rows of any line

/// The sentence just spoken as the next one's prompt; its words keep the language of the given
/// prompt, as in the public code.
VoicePrompt as_prompt(const at::Tensor& codes, const text::VallexTokens& line,
                      const VoicePrompt& given) {
  VoicePrompt out{.codes = codes, .words = line};
  if (!given.words.languages.empty())
    out.words.languages.assign(line.ids.size(), given.words.languages.front());
  return out;
}

}  // namespace

std::vector<LineReport> SpeakText::run(const std::vector<text::VallexTokens>& lines,
                                       const VoicePrompt& prompt, const SpeakTextOptions& o) const {
  WaveStream stream(vocos_, codec_);
  const auto hand_out = [&](const at::Tensor& wave) {
    if (o.sink && wave.numel() > 0) o.sink(wave);
  };
  VoicePrompt current = prompt;
  std::vector<LineReport> out;
  const auto options_of = [&](size_t i) {
    SpeakOptions line = o.line;
    line.line = static_cast<int64_t>(i) + 1;
    line.accent = o.accent;
    if (o.fixed_frames) line.fixed_frames = o.fixed_frames(i);
    return line;
  };
  for (size_t i = 0; i < lines.size();) {
    const size_t most = o.mode == LongText::kFixed && i > 0 ? kSideBySide : 1,
                 count = std::min(most, lines.size() - i);
    const auto first = lines.begin() + static_cast<std::ptrdiff_t>(i);
    std::vector<SpeakOptions> options;
    for (size_t k = 0; k < count; ++k) options.push_back(options_of(i + k));
    for (const SpokenCodes& spoken :
         speak_codes(*lm_, {first, first + static_cast<std::ptrdiff_t>(count)}, current, options)) {
      out.push_back({.frames = spoken.codes.size(0),
                     .take_used = spoken.take_used,
                     .log_prob = spoken.log_prob,
                     .stopped_by = spoken.stopped_by});
      hand_out(stream.push(spoken.codes));
      if (o.mode == LongText::kFixed) continue;
      const bool slide = models::vallex::uniform_draw(o.line.seed, kSlideStream + i, 0) < kSlide;
      current = slide ? as_prompt(spoken.codes, lines[i], prompt) : prompt;
    }
    i += count;
    if (o.on_line) o.on_line(i);
  }
  hand_out(stream.finish());
  return out;
}

}  // namespace vl::stages
