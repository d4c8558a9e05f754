#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/trace.h"
#include "vl/pipeline/stage_cache.h"

namespace vl::dub {

/// Busy milliseconds of each stage; a stage that did not run is absent (null in JSON).
struct Timing {
  std::optional<double> load, decode, rvc, prompt, vallex, fastpitch, vocoder, fit, face, lips, mix,
      encode;
  double compute = 0.0, total = 0.0;
};

/// How one line was fitted into its slot, seconds.
struct FitRecord {
  int64_t line = 1;
  double onset_s = 0, slot_s = 0;
  std::optional<double> natural_s, predicted_s, final_s;
  std::string engine = "vallex";
  int64_t takes = 1;
  std::string align = "none";
  double rate = 1, stretch = 1, shift_s = 0, overflow_s = 0;
  std::string status = "fits";
};

struct FaceCounts {
  int64_t frames = 0, with_face = 0, redrawn = 0, passed_through = 0, tracks = 0, cuts = 0,
          detector_calls = 0;
};

struct PromptRecord {
  std::string from, lang;
  double start_s = 0, end_s = 0;
};

struct ModelRecord {
  std::string role, name, sha256;
};

struct VideoRecord {
  std::string codec, pix_fmt, sar, range, primaries, transfer, matrix;
  int64_t width = 0, height = 0, frames = 0, rotation = 0;
  double fps = 0;
  bool vfr = false;
};

struct AudioRecord {
  std::string codec, layout;
  int64_t sample_rate = 0, channels = 0;
};

struct MediaRecord {
  std::string path, sha256, container;
  int64_t bytes = 0;
  double seconds = 0;
  std::optional<VideoRecord> video;
  std::optional<AudioRecord> audio;
  int64_t other_streams = 0;
};

/// Who agreed to the use of the voice and the face.
struct ConsentRecord {
  std::string kind = "none";   ///< none file statement pack
  std::string voice = {};      ///< hash of the record; empty: none
  std::string face = {};       ///< the same
  std::string statement = {};  ///< NAME, DATE, PURPOSE of a statement
};

/// The keys that every job verb prints: spec cli.md sections 6 and 8.
struct JobRecord {
  std::string job, device = "cpu", precision = "fp32";
  uint64_t seed = 0;
  Timing timing;
  std::vector<StageSpan> waterfall;
  std::vector<ModelRecord> models;
  ConsentRecord consent;
  MediaRecord input, output;
  std::string voice;
  std::string job_dir;
  pipeline::CacheUse cache;
};

/// What `voxlip dub --json` prints beside the envelope.
struct DubRecord : JobRecord {
  std::string chain = "dub", preset = "balanced";
  std::optional<std::string> source_lang;
  std::string target_lang;
  std::optional<PromptRecord> prompt;
  std::vector<FitRecord> fit;
  FaceCounts faces;
  std::optional<double> first_audio_ms, first_frame_ms;
};

/// What was found of the pitch of a converted track; medians over voiced frames.
struct PitchRecord {
  std::string method;
  double voiced_ratio = 0;
  std::optional<double> median_hz_in, median_hz_out;
};

/// What `voxlip convert --json` prints beside the envelope.
struct ConvertRecord : JobRecord {
  std::optional<PitchRecord> f0;  ///< absent for voices without pitch and for silence
};

/// What `voxlip clone --json` prints beside the envelope.
struct CloneRecord : JobRecord {
  std::string lang;
  double prompt_seconds = 0;
  int64_t takes = 1, take_used = 1;  ///< the latter of the last line, from 1
  int64_t ar_tokens = 0;             ///< frames of all lines
  std::string stopped_by;            ///< of the last line: eos cap fixed
  std::optional<double> first_audio_ms;
};

/// What `voxlip speak --json` prints beside the envelope.
struct SpeakRecord : JobRecord {
  std::optional<std::string> id;  ///< of a line of --json-input
  std::string lang;
  int64_t text_chars = 0;  ///< code points
  int64_t tokens = 0;      ///< symbols that FastPitch read
  std::vector<std::string> unknown_words;
  std::optional<double> first_audio_ms;
  std::vector<FitRecord> fit;  ///< of --target-seconds; goes to the job folder
};

/// What `voxlip lipsync --json` prints beside the envelope.
struct LipsyncRecord : JobRecord {
  MediaRecord audio_input;
  double fps_lips = 0;  ///< redrawn pictures a second of the stage lips
  FaceCounts faces;
  std::optional<double> first_frame_ms;
};

nlohmann::ordered_json to_json(const FitRecord& record);
/// The keys of the job block, then those of dub, without the envelope.
nlohmann::ordered_json to_json(const DubRecord& record);
nlohmann::ordered_json to_json(const ConvertRecord& record);
nlohmann::ordered_json to_json(const CloneRecord& record);
nlohmann::ordered_json to_json(const SpeakRecord& record);
nlohmann::ordered_json to_json(const LipsyncRecord& record);
nlohmann::ordered_json to_json(const MediaRecord& record);
nlohmann::ordered_json to_json(const ConsentRecord& record);

/// "dub_" and 26 characters of Crockford base 32: milliseconds since 1970, then random bits (ULID).
std::string new_job_id(const std::string& verb);

}  // namespace vl::dub
