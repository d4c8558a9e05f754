#pragma once

#include <functional>
#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/encodec/encodec.h"
#include "vl/models/vallex/vallex.h"
#include "vl/models/vocos/vocos.h"
#include "vl/stages/fit_slot.h"
#include "vl/text/vallex_text.h"

namespace vl::stages {

constexpr int64_t kCodecRate = 24000, kCodecBooks = 8;
constexpr double kFramesPerSecond = 75.0;

/// A voice prompt as VALL-E X takes it.
struct VoicePrompt {
  at::Tensor codes;          ///< [P, 8] int64
  text::VallexTokens words;  ///< what the prompt says
};

/// EnCodec codes [P, 8] of a prompt's sound, brought to 24 kHz as torchaudio does by default.
/// @param wave one channel, any rate; louder than 1 is scaled down to a peak of 1
/// @throws Error(kBadPrompt) when it is empty
at::Tensor prompt_codes(const models::encodec::Encodec& codec, const Speech& wave);

struct SpeakOptions {
  models::vallex::SamplingOptions sampling;
  uint64_t seed = 0;
  int64_t line = 1;     ///< its number in messages and in the random stream
  int64_t accent = -1;  ///< language id of the whole line; below 0: that of each symbol
  int64_t takes = 1;
  double length_penalty = 1.0;
  int64_t repetition_guard = 0;  ///< frames; 0: off
  int64_t fixed_frames = 0;      ///< above 0: exactly so many (packs that are not trained)
  std::function<bool()> cancelled = {};
  std::function<void(int64_t frames)> progress = {};
};

/// A line as EnCodec codes.
struct SpokenCodes {
  at::Tensor codes;  ///< [N, 8] int64
  int64_t take_used = 0;
  double log_prob = 0.0;
  std::string stopped_by;
};

/// Text and a voice prompt to codes.
/// @throws Error(kSpeechRejected) when the model ends before its first frame; Error(kCancelled)
SpokenCodes speak_codes(const models::vallex::Vallex& lm, const text::VallexTokens& line,
                        const VoicePrompt& prompt, const SpeakOptions& options);
/// Several lines of one prompt side by side: the same codes in less time.
/// @param options one of each line @throws as speak_codes
std::vector<SpokenCodes> speak_codes(const models::vallex::Vallex& lm,
                                     const std::vector<text::VallexTokens>& lines,
                                     const VoicePrompt& prompt,
                                     const std::vector<SpeakOptions>& options);

struct SpokenLine {
  Speech speech;  ///< 24 kHz
  int64_t frames = 0, takes = 1;
  double log_prob = 0.0;
  std::string stopped_by;
};

/// Text and a voice prompt to speech: VALL-E X, then Vocos (or EnCodec's own decoder where there is
/// none).
class SpeakCodec {
 public:
  SpeakCodec(std::shared_ptr<const models::vallex::Vallex> lm,
             std::shared_ptr<const models::vocos::Vocos> vocos,
             std::shared_ptr<const models::encodec::Encodec> codec)
      : lm_(std::move(lm)), vocos_(std::move(vocos)), codec_(std::move(codec)) {}

  /// @throws as speak_codes
  SpokenLine run(const text::VallexTokens& line, const VoicePrompt& prompt,
                 const SpeakOptions& options) const;

 private:
  std::shared_ptr<const models::vallex::Vallex> lm_;
  std::shared_ptr<const models::vocos::Vocos> vocos_;
  std::shared_ptr<const models::encodec::Encodec> codec_;
};

}  // namespace vl::stages
