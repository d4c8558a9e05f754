#pragma once

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/stages/convert_voice.h"

namespace vl::dub {

/// The verb convert: one load of the models for any number of files. A track of any length passes
/// through unnamed files in the cache folder, so memory does not grow with it.
class AudioConverter {
 public:
  /// Loads voice, content, pitch and index. @throws Error; warns W0117, W0119
  AudioConverter(const ConvertConfig& config, const ModelPlaces& places, const JobEnvironment& env,
                 WarningList& warnings);

  /// Converts `input` ("-": standard input) to `output` ("-": standard output). A video keeps its
  /// pictures where the output is a video too.
  /// @param env the callbacks of this file's job
  /// @param record is filled as far as the work came, also when it throws
  /// @throws Error; nothing is left at the output's name then
  void run(const std::string& input, const std::string& output, const JobEnvironment& env,
           WarningList& warnings, ConvertRecord& record) const;

  /// Live: raw s16le mono from standard input to standard output, block by block. The end of the
  /// input pushes out what is still inside.
  void stream(const JobEnvironment& env) const;
  /// Delay of the stream without the time of computing, milliseconds.
  double stream_latency_ms() const;

 private:
  const ConvertConfig& config_;
  std::string cache_dir_;
  double load_ms_ = 0.0;
  std::string voice_name_;
  ConsentRecord consent_;
  std::vector<ModelRecord> models_;
  stages::RvcSettings settings_;
  double pitch_target_ = 0.0;
  std::unique_ptr<stages::ConvertVoice> voice_;
};

/// Where the result of each input goes: `out` itself for one input that is no folder, else a file
/// in it named after the input. Sound becomes `format` (wav when empty), a video stays in its kind
/// of container unless a format is asked for.
/// @throws Error(kExclusiveFlags) when two would be written to one file; Error(kNotWritable) for a
/// folder that cannot be made
std::vector<std::string> output_paths(const ConvertOptions& options);

}  // namespace vl::dub
