#pragma once

#include "vl/dsp/speech_spans.h"
#include "vl/dub/dub_plan.h"
#include "vl/media/video_reader.h"
#include "vl/media/wav.h"
#include "vl/pipeline/graph.h"

namespace vl::dub {

/// The source's speech, 16 kHz, and where the line goes.
struct SourceSpeech {
  at::Tensor wave;  ///< [T]
  std::vector<dsp::Span> spans;
  stages::Slot slot;
};

struct DubbedSound {
  media::Pcm track;  ///< one channel at the output's rate, from time 0 to the end of the pictures
  at::Tensor mel;    ///< [80, T] of the same at 16 kHz
};

struct FacedFrame {
  media::VideoFrame frame;
  std::optional<stages::IntBox> box;
};

/// The stages of one dub as members of one object, so that each is a function of its own.
class DubGraph {
 public:
  DubGraph(const DubConfig& config, const DubPlan& plan, const JobEnvironment& env,
           WarningList& warnings, DubRecord& record);
  /// Runs everything. @throws the first error
  void run();

 private:
  using Run = pipeline::RunState;
  void stage(const std::string& name, std::vector<pipeline::Input*> inputs,
             void (DubGraph::*body)(Run&));
  void decode_sound(Run& run);
  void convert(Run& run);
  void make_prompt(Run& run);
  media::Pcm read_sound(const std::string& path, int64_t rate);
  stages::Speech given_prompt();
  stages::Speech prompt_sound();
  void speak(Run& run);
  void plan_line(Run& run);
  void fit(Run& run);
  void mix(Run& run);
  void decode_pictures(Run& run);
  void find_faces(Run& run);
  void animate(Run& run);
  void encode(Run& run);

  stages::Slot slot_of(const std::vector<dsp::Span>& spans) const;
  void draw(std::vector<FacedFrame>& batch, const stages::AnimateLips& lips);
  void check_faces(int64_t frames, float best_score, int64_t best_frame) const;
  void finish_record(double total_ms);
  double now_ms() const;
  void progress(const std::string& stage, int64_t done, int64_t total,
                const std::string& unit) const;

  const DubConfig& config_;
  const DubPlan& plan_;
  const JobEnvironment& env_;
  WarningList& warnings_;
  DubRecord& record_;
  pipeline::Graph graph_;
  std::chrono::steady_clock::time_point begin_;
  int64_t expected_frames_ = 0;
  pipeline::Value<SourceSpeech>& source_;
  pipeline::Value<stages::Speech>& prompt_sound_;
  pipeline::Value<stages::VoicePrompt>& prompt_;
  pipeline::Value<stages::SpokenLine>& spoken_;
  pipeline::Value<stages::ProsodyPlan>& prosody_;
  pipeline::Value<stages::FitResult>& fitted_;
  pipeline::Value<DubbedSound>& sound_;
  pipeline::Channel<media::VideoFrame>& decoded_;
  pipeline::Channel<FacedFrame>& faced_;
  pipeline::Channel<media::VideoFrame>& drawn_;
};

}  // namespace vl::dub
