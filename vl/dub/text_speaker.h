#pragma once

#include <string>

#include "vl/dub/model_set.h"
#include "vl/dub/speak_run.h"
#include "vl/dub/spoken_text.h"

namespace vl::dub {

/// `--voice` for the FastPitch model as it is, without conversion.
inline const std::string kOwnVoice = "none";

/// The verb speak: one load of the models for any number of texts. A text is spoken line by line,
/// and sound leaves as soon as it is ready, so memory does not grow with the text.
class TextSpeaker {
 public:
  /// Loads FastPitch, HiFi-GAN and, where the voice has one, its conversion. Without --voice, the
  /// conversion of the pack's default voice is for the pack's own FastPitch only.
  /// @throws Error of the models, kUnsupportedVariant when FastPitch and HiFi-GAN have different
  /// mels; warns W0117, W0119
  TextSpeaker(const SpeakConfig& config, const ModelPlaces& places, const JobEnvironment& env,
              WarningList& warnings);

  /// Is what FastPitch says converted to another voice?
  bool converts() const { return parts_.convert != nullptr; }

  /// @param env the callbacks of this text's job
  /// @param record is filled as far as the work came, also when it throws
  /// @throws Error; nothing is left at the output's name then
  void run(const SpeakRequest& request, const JobEnvironment& env, WarningList& warnings,
           SpeakRecord& record) const;

 private:
  void load_voice(uint64_t seed);
  void keep_consent(WarningList& warnings);

  const SpeakConfig& config_;
  ModelSet models_;
  double load_ms_ = 0.0;
  const weights::PackVoice* voice_ = nullptr;  ///< null: the model's own
  std::string voice_name_;
  ConsentRecord consent_;
  SpeechParts parts_;
};

/// What FastPitch would read of a text, for --show-phonemes.
/// @throws as TextSpeaker for FastPitch; Error(kBadText, kLanguageNotOffered, kBadLexicon)
Phonemes show_symbols(const SpeakConfig& config, ModelSet& models, const std::string& assets_dir,
                      uint64_t seed);

}  // namespace vl::dub
