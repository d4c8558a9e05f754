#pragma once

#include "vl/dsp/speech_spans.h"
#include "vl/dub/dub_plan.h"
#include "vl/dub/lip_video.h"
#include "vl/media/wav.h"
#include "vl/pipeline/graph.h"

namespace vl::dub {

/// The source's speech, 16 kHz, and where the line goes.
struct SourceSpeech {
  at::Tensor wave;  ///< [T]
  std::vector<dsp::Span> spans;
  stages::Slot slot;
};

/// The line at the output's rate, one channel, from time 0 to the end of the pictures.
using DubbedSound = media::Pcm;

/// The stages of one dub as members of one object, so that each is a function of its own.
class DubGraph {
 public:
  DubGraph(const DubConfig& config, const DubPlan& plan, const JobEnvironment& env,
           pipeline::StageCache& cache, WarningList& warnings, DubRecord& record);
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
  stages::Speech prompt_sound();
  void speak(Run& run);
  void plan_line(Run& run);
  void fit(Run& run);
  void mix(Run& run);
  void copy_pictures(Run& run);
  LipTrack lip_track(const stages::Speech& speech, double onset, const media::Pcm& track);

  stages::Slot slot_of(const std::vector<dsp::Span>& spans) const;
  void finish_record();
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
  pipeline::Value<SourceSpeech>& source_;
  pipeline::Value<stages::Speech>& prompt_sound_;
  pipeline::Value<stages::VoicePrompt>& prompt_;
  pipeline::Value<stages::SpokenLine>& spoken_;
  pipeline::Value<stages::ProsodyPlan>& prosody_;
  pipeline::Value<stages::FitResult>& fitted_;
  pipeline::Value<DubbedSound>& sound_;
  std::optional<LipVideo> video_;  ///< not with --no-lips
};

}  // namespace vl::dub
