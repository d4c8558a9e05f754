#pragma once

#include <functional>
#include <vector>

#include "vl/stages/speak_codec.h"

namespace vl::stages {

/// Which prompt the sentences after the first one have.
enum class LongText {
  kFixed,   ///< the given one: all sentences sound alike
  kSliding  ///< with probability 0.5 the sentence before, else the given one
};

struct SpeakTextOptions {
  SpeakOptions line;
  LongText mode = LongText::kFixed;
  int64_t accent = -1;  ///< language id of all new text; below 0: that of each symbol
  /// Frames of line i; where it gives a number above 0 exactly so many are spoken (packs that are
  /// not trained).
  std::function<int64_t(size_t line)> fixed_frames = {};
  /// Sound as soon as it is ready, in order. @param wave float32 [samples] at 24 kHz
  std::function<void(const at::Tensor& wave)> sink = {};
  std::function<void(size_t lines_done)> on_line = {};
};

/// How one sentence was spoken.
struct LineReport {
  int64_t frames = 0;
  int64_t take_used = 0;
  double log_prob = 0.0;
  std::string stopped_by;
};

/// Speaks text of any length sentence by sentence (generate_audio_from_long_text of the public
/// code): the codes of all sentences are one wave. With one prompt for all, the first sentence goes
/// alone, so that sound comes early, and the others some at a time, which changes nothing in them.
class SpeakText {
 public:
  SpeakText(std::shared_ptr<const models::vallex::Vallex> lm,
            std::shared_ptr<const models::vocos::Vocos> vocos,
            std::shared_ptr<const models::encodec::Encodec> codec)
      : lm_(std::move(lm)), vocos_(std::move(vocos)), codec_(std::move(codec)) {}

  /// @throws Error(kSpeechRejected) when the model ends a sentence before its first frame;
  /// Error(kCancelled)
  std::vector<LineReport> run(const std::vector<text::VallexTokens>& lines,
                              const VoicePrompt& prompt, const SpeakTextOptions& options) const;

 private:
  std::shared_ptr<const models::vallex::Vallex> lm_;
  std::shared_ptr<const models::vocos::Vocos> vocos_;
  std::shared_ptr<const models::encodec::Encodec> codec_;
};

}  // namespace vl::stages
