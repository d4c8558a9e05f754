#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vl/core/spool.h"
#include "vl/core/warning.h"
#include "vl/dsp/highpass.h"
#include "vl/dub/job.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/dub/stage_times.h"
#include "vl/media/probe.h"
#include "vl/stages/convert_track.h"

namespace vl::dub {

/// The name of standard input and output.
inline constexpr const char* kStandardStream = "-";

/// Does this name end like a video container that can be written?
bool is_video_name(const std::string& path);

/// One file on its way through decode, rvc, mix and encode. Everything long lies in unnamed files,
/// so memory does not grow with the track. Times and findings go to the record.
class TrackConversion {
 public:
  /// @param folder for the unnamed files
  TrackConversion(const ConvertConfig& config, const JobEnvironment& env, std::string folder,
                  WarningList& warnings, ConvertRecord& record);

  /// @throws Error; nothing is left at the output's name then
  void run(const std::string& input, const std::string& output, const stages::ConvertVoice& voice,
           const stages::RvcSettings& settings, double pitch_target);

 private:
  void progress(const std::string& name, uint64_t done, uint64_t total) const;

  void check_target(const std::string& input, const std::string& output);
  void decode(const std::string& input, const std::string& output);
  void silence();
  void filter();
  void convert(const stages::ConvertVoice& voice, const stages::RvcSettings& settings,
               double pitch_target);
  void keep_report(const stages::TrackReport& report, const stages::RvcSettings& settings);
  void mix(int64_t voice_rate);
  template <class Use>
  void each_int16(const Use& use) const;
  void encode(const std::string& input, const std::string& output);
  void encode_video(const std::string& input, const std::string& output);
  void keep_media(const std::string& input, const std::string& output);
  /// Samples that the track has at a rate.
  uint64_t exact_length(int64_t rate) const;

  const ConvertConfig& config_;
  const JobEnvironment& env_;
  std::string folder_;
  WarningList& warnings_;
  ConvertRecord& record_;
  StageTimes times_;
  SpoolOf<float> source_;  ///< 16 kHz mono
  SpoolOf<float> voice_;   ///< at the voice's rate
  SpoolOf<float> result_;  ///< at the output's rate
  std::optional<dsp::HighpassStream> filtered_;
  media::MediaInfo info_;
  int64_t frames_ = 0, source_rate_ = 0;  ///< of the file's sound
  int64_t rate_ = 0;                      ///< of the output
  bool to_video_ = false;
  float peak_ = 0.F, result_peak_ = 0.F;
};

}  // namespace vl::dub
