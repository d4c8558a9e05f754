#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/dub/stage_times.h"
#include "vl/dub/timing_file.h"
#include "vl/media/audio_writer.h"
#include "vl/stages/convert_track.h"
#include "vl/stages/fit_durations.h"
#include "vl/stages/speak_line.h"
#include "vl/stages/vocode_line.h"
#include "vl/text/marked_lines.h"

namespace vl::dub {

/// What is spoken, and where it goes.
struct SpeakRequest {
  std::optional<std::string> id;
  std::string text;
  std::string out;  ///< a file, or - for standard output
};

/// The loaded stages of speak.
struct SpeechParts {
  std::unique_ptr<const text::FastPitchFrontEnd> front_end;
  std::unique_ptr<const stages::SpeakLine> line;
  std::unique_ptr<const stages::VocodeLine> vocoder;
  std::unique_ptr<const stages::ConvertVoice> convert;  ///< null: no conversion
  stages::RvcSettings settings;
  double pitch_target = 0.0;
  int64_t rate = 0;  ///< of the result, Hz
};

/// The lines that a text is spoken in: its sentences, those of very many symbols in parts.
/// @throws Error(kBadText) for text that is not UTF-8
std::vector<text::MarkedLine> lines_of(const text::MarkedText& marked, const std::string& language,
                                       const text::FastPitchFrontEnd& front_end);

/// One text on its way through fastpitch, vocoder, rvc and encode, line by line.
class SpeakRun {
 public:
  SpeakRun(const SpeakConfig& config, const SpeechParts& parts, const SpeakRequest& request,
           const JobEnvironment& env, WarningList& warnings, SpeakRecord& record);

  /// Checks the outputs, cuts the text into lines and solves their durations.
  /// @throws Error(kBadText) for text that says nothing, errors of the outputs
  void prepare(const text::MarkedText& marked);
  /// @throws Error(kCancelled, kNotWritable, ...)
  void speak();

 private:
  /// What all lines would take, in frames before rounding.
  struct Natural {
    struct Line {
      size_t symbols, breaks;
    };
    std::vector<double> frames;
    std::vector<text::SymbolKind> kinds;  ///< of the same
    std::vector<Line> lines;
  };

  text::FastPitchLine read(size_t i) const;
  int64_t pause_before(size_t i, const text::FastPitchLine& line) const;
  Natural natural() const;
  void solve();
  void keep_fit(const stages::FittedDurations& fitted, double natural_s, double got_s);
  void speak_lines(size_t first, const std::vector<size_t>& indices,
                   const std::vector<text::FastPitchLine>& lines);
  void speak_line(size_t i, const stages::LineMel& mel);
  void convert(const std::vector<float>& wave);
  void write(const float* samples, int64_t count);
  void silence_to(int64_t sample);
  void close();
  int64_t sample_of(int64_t frame) const;
  void keep_times(size_t i, const text::FastPitchLine& line, const stages::LineMel& mel);

  const SpeakConfig& config_;
  const SpeechParts& parts_;
  const SpeakRequest& request_;
  const JobEnvironment& env_;
  WarningList& warnings_;
  SpeakRecord& record_;
  StageTimes times_;
  media::AudioKind kind_ = media::AudioKind::kWav;
  std::vector<text::MarkedLine> lines_;
  std::vector<stages::LineFrames> solved_;  ///< of --target-seconds, one a line
  std::vector<int64_t> solved_pauses_;      ///< before each line
  std::unique_ptr<media::AudioWriter> writer_;
  int64_t frame_ = 0;    ///< of FastPitch, up to which the speech has come
  int64_t written_ = 0;  ///< samples
  int64_t end_ = 0;      ///< sample at which speech that is a little too long is cut; 0: none is
  std::vector<TimedLine> word_times_;
  std::set<std::string> unknown_words_;
  size_t chars_done_ = 0, chars_ = 0;
};

}  // namespace vl::dub
