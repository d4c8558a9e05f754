#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/options.h"
#include "vl/dub/output_frames.h"
#include "vl/dub/record.h"
#include "vl/media/assemble.h"
#include "vl/media/segment_encoder.h"
#include "vl/pipeline/graph.h"
#include "vl/pipeline/stage_cache.h"
#include "vl/stages/animate_lips.h"
#include "vl/stages/compat_faces.h"
#include "vl/stages/lip_sound.h"
#include "vl/stages/scan_faces.h"

namespace vl::dub {

/// The models that redraw a mouth, loaded.
struct LipModels {
  std::shared_ptr<const stages::FaceFinder> finder;  ///< null where the box is given
  std::shared_ptr<const models::wav2lip::Wav2Lip> wav2lip;
  std::map<std::string, std::string> digests;  ///< role -> SHA-256 of its weights
};

/// What is redrawn and how.
struct LipJob {
  std::string input, out;
  media::MediaInfo info;  ///< of the input
  std::string input_sha256;
  LipsOptions lips;
  EncodeOptions encode;
  Extend extend = Extend::kPingpong;
  bool still = false;  ///< one picture, shown at lips.fps (a picture) or the video's rate
  bool resume = true;  ///< segments of a run that was cut off are used
  std::string note;    ///< what else decides about the bytes: engine, precision
  std::string job_dir;
  /// With --compat wav2lip: is shown every picture as it is before it is encoded, and its face box.
  std::function<void(const media::Image& bgr, const stages::IntBox& box)> on_compat_frame = {};
};

/// The new sound.
struct LipTrack {
  std::shared_ptr<const stages::LipSound> speech;  ///< time 0 is that of the first picture
  std::string digest;                              ///< of everything in it
  media::Sound sound;                              ///< of the output
};

/// How long the output is, and what the source says; both are known early.
struct LipTimes {
  double seconds = 0;  ///< after the first picture; infinity: as the pictures
  std::shared_ptr<const stages::SoundLevels> source;  ///< null: it has no sound
};

/// The picture half of a dub: faces are found in one run over the video while a second run, as far
/// behind as it has to be, redraws the mouths and encodes segments, which are put together at the
/// end. Memory does not grow with length; finished segments survive a killed run.
class LipVideo {
 public:
  using Run = pipeline::RunState;
  /// Adds its stages to the graph. @throws Error for flags that the input or the encoder does not
  /// allow
  LipVideo(const LipJob& job, const LipModels& models, const JobEnvironment& env,
           pipeline::StageCache& cache, WarningList& warnings, pipeline::Graph& graph);

  pipeline::Value<LipTimes>& times() { return times_; }
  pipeline::Value<LipTrack>& track() { return track_; }

  /// After the run, also one that failed.
  const FaceCounts& faces() const { return faces_; }
  const media::AssemblyResult& result() const { return result_; }
  std::optional<double> first_frame_ms() const { return first_frame_ms_; }

 private:
  struct Drawn {
    media::VideoFrame frame;
    bool redrawn = false;
  };
  struct Resumed {
    std::vector<std::string> segments;
    int64_t frames = 0, redrawn = 0;
  };
  struct Segment {
    std::string name;
    nlohmann::json key;
  };

  void scan(Run& run);
  void scan_as_usual(Run& run, media::VideoReader& reader);
  void scan_compat(Run& run, media::VideoReader& reader);
  void scan_box(Run& run, media::VideoReader& reader);
  [[noreturn]] void no_face(int64_t frames, float score, int64_t frame,
                            const media::Image& picture) const;
  void keep_counts(const stages::FaceMap::Counts& counts);
  void decode(Run& run);
  void animate(Run& run);
  void draw(std::vector<OutputFrame>& batch, const stages::AnimateLips& lips);
  float presence(const OutputFrame& frame, const stages::FaceMap::Frame& seen) const;
  void draw_compat(std::vector<OutputFrame>& batch, const stages::AnimateLips& lips,
                   const std::vector<int64_t>& windows);
  void encode(Run& run);
  void assemble(const std::vector<std::string>& segments);
  void warn_about(const media::EncoderChoice& choice);

  /// Share of a queue that one picture fills: queues are bounded in frames and in bytes.
  static double cost_of(const media::VideoFrame& frame);
  /// No frame has a face and that is allowed: only the sound is new.
  bool sound_only();
  bool compat() const { return job_.lips.compatible("wav2lip"); }
  /// The window of each picture that the public code would make.
  std::vector<int64_t> compat_windows();
  nlohmann::json faces_key() const;
  Segment segment(int64_t index);
  media::ReadOptions read_options() const;
  void progress(const char* stage, int64_t done, int64_t expected) const;
  int64_t expected_output();
  void check_crop() const;
  void report_faces(int64_t damaged);

  const LipJob& job_;
  const LipModels& models_;
  const JobEnvironment& env_;
  pipeline::StageCache& cache_;
  WarningList& warnings_;
  media::VideoInfo pictures_;  ///< of the output
  std::string encoder_;        ///< for keys
  int64_t chunk_ = 1;          ///< pictures of a segment
  int64_t first_pts_ = 0;
  std::chrono::steady_clock::time_point begin_;
  pipeline::Value<LipTimes>& times_;
  pipeline::Value<LipTrack>& track_;
  pipeline::Value<Resumed>& resumed_;
  stages::FaceMap& map_;
  pipeline::Channel<OutputFrame>& decoded_;
  pipeline::Channel<Drawn>& drawn_;
  FaceCounts faces_;
  media::AssemblyResult result_;
  std::optional<double> first_frame_ms_;
};

}  // namespace vl::dub
