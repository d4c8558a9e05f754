#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vl/core/warning.h"
#include "vl/dub/options.h"
#include "vl/stages/speak_codec.h"
#include "vl/text/front_ends.h"
#include "vl/weights/packs.h"

namespace vl::dub {

/// One recording of a prompt and what it says.
struct PromptPiece {
  std::string audio;  ///< a sound file, or the preset that `codes` is from
  text::VallexTokens words;
  at::Tensor codes;  ///< [P, 8] of an .npz preset; undefined for sound
};

/// A prompt whose words are known: pieces in order.
struct StoredPrompt {
  std::vector<PromptPiece> pieces;
  std::string lang;                         ///< of the first piece
  std::optional<weights::PackVoice> voice;  ///< whose prompt it is; its codes may be kept with it
};

/// The prompt that the flags give, else that of the voice. Words belong to the sound files in their
/// order; presets bring their own.
/// @param voice may be null
/// @param offered languages of the speaking model
/// @throws Error(kTranscriptNeeded) for sound without words, or no prompt at all;
/// Error(kExclusiveFlags) for more words than sounds; Error(kBadPrompt) for a damaged preset or
/// words that are not in the given language; Error(kLanguageNotOffered)
StoredPrompt find_prompt(const CloneOptions& options, const weights::PackVoice* voice,
                         const std::vector<std::string>& offered,
                         const text::FrontEnds& front_ends);

/// Reads the sound, checks it and encodes it; the prompt of a voice was checked when it was made.
/// @param codec_sha256 of the codec's weights file
/// @param seconds receives the length of the prompt
/// @throws Error(kBadPrompt) for no speech, clipped sound, or more than 15 s in all; as
/// media::read_audio
stages::VoicePrompt encode_prompt(const StoredPrompt& prompt, const models::encodec::Encodec& codec,
                                  const std::string& codec_sha256, WarningList& warnings,
                                  double& seconds);

/// Words that nobody can have said in the time belong to another recording.
/// @throws Error(kBadPrompt)
void check_pace(const std::string& file, const text::VallexTokens& words, double seconds);

/// W0115 for a word that no lexicon has.
Warning spelled_word(const std::string& word);

/// @throws Error(kLanguageNotOffered) for a language that the model does not offer
void check_offered(const std::string& lang, const std::vector<std::string>& offered,
                   const std::string& model = "vallex");

/// `asked`, or the language of the text by its script where that is "auto".
/// @throws Error(kLanguageNotOffered) for one that the model does not offer or a script that none
/// of them is written in
std::string offered_language(const std::string& asked, const std::string& text,
                             const std::vector<std::string>& offered,
                             const std::string& model = "vallex");

}  // namespace vl::dub
