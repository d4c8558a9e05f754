#pragma once

#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/stages/rvc_options.h"

namespace vl::dub {

/// The verb dub itself.
struct DubOptions {
  std::string input;
  std::string chain = "dub";
  std::string text;
  std::string voice;
  std::string transcript;
  std::string prompt_from = "auto";
  std::string lang = "auto";
  std::string source_lang = "auto";
  bool lips = true;
  std::string out;
};
void describe(DubOptions& o, Fields& f);

struct CloneOptions {
  std::string vallex_model;
  std::vector<std::string> prompt_audio, prompt_text;
  std::string prompt_lang = "auto";
  double temperature = 1.0;
  int64_t top_k = 0;
  double top_p = 1.0;
  double length_penalty = 1.0;
  int64_t takes = 3;
};
void describe(CloneOptions& o, Fields& f);

/// Flags of text in every verb that speaks.
struct TextOptions {
  std::vector<std::string> lexicon;
  bool show_phonemes = false;
};
void describe(TextOptions& o, Fields& f);

/// How the verb clone speaks text of any length.
struct LongTextOptions {
  std::string accent = "auto";
  std::string long_text = "fixed";
  double max_line_s = 15.0;
  int64_t repetition_guard = 0;
};
void describe(LongTextOptions& o, Fields& f);

/// The verb clone itself.
struct CloneVerbOptions {
  std::string text;
  std::string voice;
  std::string lang = "auto";
  std::string format;  ///< empty: from the name of the output
  std::string out;
};
void describe(CloneVerbOptions& o, Fields& f);

/// Which FastPitch plans a dub or speaks.
struct ProsodyOptions {
  std::string fastpitch_model;
};
void describe(ProsodyOptions& o, Fields& f);

/// How FastPitch and HiFi-GAN speak.
struct SpeakOptions {
  std::string hifigan_model;
  double rate = 1.0;  ///< above 1 is faster
  bool pitch_transform_flatten = false, pitch_transform_invert = false;
  double pitch_transform_amplify = 1.0;
  double pitch_transform_shift = 0.0;  ///< Hz
  std::string p_arpabet = "auto";      ///< share of the words, or auto: as the model was trained
  double denoising_strength = 0.01;
  int64_t fade_out = 10;     ///< frames
  int64_t tts_speaker = -1;  ///< -1: the voice's
  std::string duration_rounding = "eager";
  double energy_scale = 1.0;
  double target_seconds = 0.0;  ///< 0: none
  bool markup = false;

  /// Share of the words that are read as phones. @param trained as the model was trained
  /// @throws Error(kBadValue)
  double arpabet_share(double trained) const;
};
void describe(SpeakOptions& o, Fields& f);

struct LipsOptions {
  std::string wav2lip_model, face_model;
  std::vector<int64_t> pads = {0, 10, 0, 0};    ///< top, bottom, left, right, pixels
  std::vector<int64_t> box = {-1, -1, -1, -1};  ///< top, bottom, left, right; -1: detect
  std::vector<int64_t> crop = {0, -1, 0, -1};   ///< top, bottom, left, right; -1: to the end
  int64_t rotate = 0;                           ///< degrees clockwise
  int64_t resize_factor = 1;
  bool nosmooth = false;
  bool only_first = false;  ///< --static
  double fps = 25;          ///< of pictures that stand still
  int64_t face_det_batch_size = 1, wav2lip_batch_size = 16;
  double min_face_score = 0;  ///< 0: the finder's own
  int64_t detect_every = 1;
  std::string face_select = "auto";
  int64_t face_id = -1;  ///< -1: none
  std::string paste = "mouth";
  std::string feather = "auto";
  bool color_match = true;
  std::string on_no_face = "fail";
  std::vector<std::string> compat = {"none"};

  /// Does --compat name this model, or all?
  bool compatible(const std::string& model) const;
  /// @throws Error(kBadValue, kExclusiveFlags)
  void validate() const;
};
void describe(LipsOptions& o, Fields& f);

struct FitOptions {
  std::string fit = "stretch";
  double max_rate = 1.2, max_stretch = 1.1;
  int64_t gap_ms = 50, absorb_ms = 1500;
  std::string overflow = "trim";
};
void describe(FitOptions& o, Fields& f);

struct EncodeOptions {
  std::string video_codec = "auto";
  std::string encoder = "auto";
  int64_t crf = 18;
  std::string pix_fmt = "source";
  double chunk_s = 10;
};
void describe(EncodeOptions& o, Fields& f);

/// A job that can be taken up again.
struct ResumeOptions {
  std::string job_dir;  ///< empty: in the cache
  bool resume = true;
};
void describe(ResumeOptions& o, Fields& f);

/// The verb lipsync itself.
struct LipsyncOptions {
  std::string face, audio, out;
  std::string length = "audio";
  std::string extend = "pingpong";
  bool list_faces = false;
};
void describe(LipsyncOptions& o, Fields& f);

/// The verb convert itself.
struct ConvertOptions {
  std::vector<std::string> input;
  std::string voice;
  std::string format;  ///< empty: from the name of the output
  std::string out;
  bool stream = false;
  int64_t stream_rate = 16000, block_ms = 160;
};
void describe(ConvertOptions& o, Fields& f);

/// The verb speak itself.
struct SpeakVerbOptions {
  std::string text;
  std::string voice;
  std::string lang = "auto";
  std::string format;  ///< empty: from the name of the output
  std::string timing_out;
  bool json_input = false;
  std::string out;
};
void describe(SpeakVerbOptions& o, Fields& f);

/// Who agreed to the use of a voice or a face; a group of its own for every verb that uses one.
struct ConsentOptions {
  std::vector<std::string> consent;  ///< files
  std::string i_have_consent;        ///< NAME, DATE, PURPOSE

  bool given() const { return !consent.empty() || !i_have_consent.empty(); }
  /// @throws Error(kExclusiveFlags) for both forms at once
  void validate() const;
};
void describe(ConsentOptions& o, Fields& f);

/// What a registered voice is made from.
struct VoiceOptions {
  std::string audio;  ///< sound file, or a VALL-E X preset (.npz), which carries its words
  std::string text;   ///< the words of `audio`
  std::string lang = "auto";
  std::string rvc_model, rvc_index;
};
void describe(VoiceOptions& o, Fields& f);

/// Everything `voxlip voices add` takes beside the name and the global flags.
struct VoiceConfig {
  VoiceOptions voice;
  ConsentOptions consent;

  /// @throws Error(kMissingArgument, kExclusiveFlags)
  void validate() const;
};

/// Everything `voxlip convert` takes beside the global flags.
struct ConvertConfig {
  ConvertOptions convert;
  stages::RvcOptions rvc;
  ConsentOptions consent;

  /// @throws Error(kMissingArgument, kExclusiveFlags, kBadValue)
  void validate() const;
};

/// Everything `voxlip clone` takes beside the global flags.
struct CloneConfig {
  CloneVerbOptions verb;
  CloneOptions clone;
  LongTextOptions long_text;
  TextOptions text;
  ConsentOptions consent;

  /// @throws Error(kMissingArgument, kExclusiveFlags, kBadText, kOverLimit)
  void validate() const;
};

/// Everything `voxlip speak` takes beside the global flags.
struct SpeakConfig {
  SpeakVerbOptions verb;
  ProsodyOptions prosody;
  SpeakOptions speak;
  TextOptions text;
  stages::RvcOptions rvc;
  ConsentOptions consent;

  /// Everything but the text and where it goes. @throws Error(kExclusiveFlags, kBadValue)
  void validate() const;
};

/// Everything `voxlip lipsync` takes beside the global flags.
struct LipsyncConfig {
  LipsyncOptions verb;
  LipsOptions lips;
  EncodeOptions encode;
  ConsentOptions consent;
  ResumeOptions job;

  /// @throws Error(kMissingArgument, kExclusiveFlags, kBadValue)
  void validate() const;
};

/// Everything `voxlip dub` takes beside the global flags.
struct DubConfig {
  DubOptions dub;
  stages::RvcOptions rvc;
  CloneOptions clone;
  ProsodyOptions prosody;
  LipsOptions lips;
  FitOptions fit;
  EncodeOptions encode;
  TextOptions text;
  ConsentOptions consent;

  /// Rules that span several fields. @throws Error(kMissingArgument, kExclusiveFlags, kBadValue,
  /// kBadText)
  void validate() const;
};

}  // namespace vl::dub
