#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vl/dub/dub_video.h"
#include "vl/dub/lip_video.h"
#include "vl/dub/stored_prompt.h"
#include "vl/media/probe.h"
#include "vl/stages/convert_track.h"
#include "vl/stages/plan_prosody.h"
#include "vl/stages/speak_codec.h"

namespace vl::dub {

/// A dub whose inputs are checked and whose models are loaded.
struct DubPlan {
  media::MediaInfo info;
  double video_end_s = 0.0;  ///< end of the last picture on the media clock
  std::string target_lang;
  std::optional<std::string> source_lang;
  text::VallexTokens line;

  bool prompt_from_source = false;
  bool convert = false;             ///< RVC turns the prompt into the target voice
  text::VallexTokens prompt_words;  ///< of a prompt from the source
  std::string prompt_lang;
  StoredPrompt stored_prompt;  ///< where the prompt is not from the source
  bool vallex_untrained = false, fastpitch_untrained = false;  ///< lengths come from the slot then

  stages::RvcModels rvc;  ///< where `convert`
  stages::RvcSettings rvc_settings;
  double pitch_target = 0.0;  ///< Hz; 0: rvc_settings.semitones holds
  std::shared_ptr<const models::vallex::Vallex> vallex;
  std::shared_ptr<const models::encodec::Encodec> codec;
  std::string codec_sha256;
  std::shared_ptr<const models::vocos::Vocos> vocos;
  std::shared_ptr<const models::fastpitch::FastPitch> fastpitch;
  std::vector<int64_t> plan_ids;  ///< the line as FastPitch reads it; empty: not its language
  LipJob lips;
  LipModels lip_models;
};

/// Checks text, voice, prompt and input, and loads the models that the dub uses.
/// @throws Error for everything that can be known before the work starts
DubPlan plan_dub(const DubConfig& config, ModelSet& models, const JobEnvironment& environment,
                 WarningList& warnings, DubRecord& record);

}  // namespace vl::dub
