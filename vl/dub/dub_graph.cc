#include "vl/dub/dub_graph.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <limits>

#include "vl/core/error.h"
#include "vl/core/sha256.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/dub/job_graph.h"
#include "vl/dub/voice_prompt.h"
#include "vl/media/audio.h"
#include "vl/media/replace_audio.h"

namespace vl::dub {

namespace {

constexpr double kMinSlot = 0.4;
constexpr size_t kBlock = 1U << 15;  ///< samples of sound that are encoded at once
constexpr int64_t kPromptPeakRate = 16000;
constexpr int64_t kOwnRate = 0;  ///< sound is read at the rate of its file

media::Pcm to_pcm(const stages::Speech& s) { return {s.samples, s.rate, 1}; }
stages::Speech to_speech(media::Pcm pcm) { return {std::move(pcm.samples), pcm.rate}; }

at::Tensor to_tensor(const std::vector<float>& samples) { return at::tensor(samples); }

/// The line's samples at `rate`, placed at its onset in silence of the given length.
std::vector<float> place(const stages::Speech& line, int64_t rate, double onset_s, double seconds) {
  std::vector<float> out(static_cast<size_t>(std::llround(seconds * static_cast<double>(rate))),
                         0.0F);
  if (line.samples.empty()) return out;
  const media::Pcm at_rate = media::resample(to_pcm(line), rate);
  const auto begin = static_cast<size_t>(std::llround(onset_s * static_cast<double>(rate)));
  for (size_t i = 0; i < at_rate.samples.size() && begin + i < out.size(); ++i)
    out[begin + i] = std::clamp(at_rate.samples[i], -1.0F, 1.0F);
  return out;
}

/// The samples behind the first `sent`, a block of them; false at the end.
bool next_block(const media::Pcm& track, size_t& sent, media::Pcm& block) {
  const size_t end = std::min(track.samples.size(), sent + kBlock);
  if (sent == end) return false;
  block = {{track.samples.begin() + static_cast<std::ptrdiff_t>(sent),
            track.samples.begin() + static_cast<std::ptrdiff_t>(end)},
           track.rate,
           1};
  sent = end;
  return true;
}

}  // namespace

DubGraph::DubGraph(const DubConfig& config, const DubPlan& plan, const JobEnvironment& env,
                   pipeline::StageCache& cache, WarningList& warnings, DubRecord& record)
    : config_(config),
      plan_(plan),
      env_(env),
      warnings_(warnings),
      record_(record),
      graph_(env.cancelled),
      begin_(std::chrono::steady_clock::now()),
      source_(graph_.value<SourceSpeech>()),
      prompt_sound_(graph_.value<stages::Speech>()),
      prompt_(graph_.value<stages::VoicePrompt>()),
      spoken_(graph_.value<stages::SpokenLine>()),
      prosody_(graph_.value<stages::ProsodyPlan>()),
      fitted_(graph_.value<stages::FitResult>()),
      sound_(graph_.value<DubbedSound>()) {
  prepare_graph(graph_, env);
  stage("decode", {}, &DubGraph::decode_sound);
  if (plan.convert) stage("rvc", {&source_}, &DubGraph::convert);
  stage("prompt", {plan.convert ? static_cast<pipeline::Input*>(&prompt_sound_) : &source_},
        &DubGraph::make_prompt);
  stage("vallex", {&prompt_, &source_}, &DubGraph::speak);
  stage("fastpitch", {}, &DubGraph::plan_line);
  stage("fit", {&spoken_, &prosody_}, &DubGraph::fit);
  stage("mix", {&fitted_}, &DubGraph::mix);
  if (!config.dub.lips) {
    stage("encode", {&sound_}, &DubGraph::copy_pictures);
    return;
  }
  video_.emplace(plan.lips, plan.lip_models, env, cache, warnings, graph_);
}

void DubGraph::stage(const std::string& name, std::vector<pipeline::Input*> inputs,
                     void (DubGraph::*body)(Run&)) {
  add_stage(graph_, env_, name, std::move(inputs), [this, body](Run& run) { (this->*body)(run); });
}

double DubGraph::now_ms() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_)
      .count();
}

void DubGraph::progress(const std::string& stage, int64_t done, int64_t total,
                        const std::string& unit) const {
  if (env_.on_progress) env_.on_progress(stage, done, total, unit);
}

stages::Slot DubGraph::slot_of(const std::vector<dsp::Span>& spans) const {
  const double end = plan_.video_end_s, gap = static_cast<double>(config_.fit.gap_ms) / 1000.0,
               absorb = static_cast<double>(config_.fit.absorb_ms) / 1000.0;
  if (spans.empty()) return {0.0, end};
  const double onset = spans.front().start_s;
  const double length = std::min(end - gap, spans.back().end_s + absorb) - onset;
  return length >= kMinSlot ? stages::Slot{onset, length} : stages::Slot{0.0, end};
}

void DubGraph::decode_sound(Run& run) {
  const media::Pcm pcm = read_sound(config_.dub.input, kPromptPeakRate);
  run.check();
  SourceSpeech out{.wave = to_tensor(pcm.samples)};
  out.spans = dsp::speech_spans(out.wave);
  out.slot = slot_of(out.spans);
  if (video_) {
    auto levels = std::make_shared<stages::SoundLevels>(plan_.info.video->start_s);
    levels->append(pcm.samples.data(), pcm.samples.size());
    video_->times().set({std::numeric_limits<double>::infinity(), levels});
  }
  source_.set(std::move(out));
}

void DubGraph::convert(Run&) {
  const SourceSpeech& source = source_.get();
  if (source.spans.empty()) dsp::check_prompt(source.wave, source.spans);
  const auto rate = static_cast<double>(kPromptPeakRate);
  const at::Tensor piece =
      source.wave.slice(0, static_cast<int64_t>(source.spans.front().start_s * rate),
                        static_cast<int64_t>(source.spans.back().end_s * rate));
  dsp::check_prompt(piece, dsp::speech_spans(piece));
  const stages::ConvertVoice rvc(plan_.rvc);
  prompt_sound_.set(stages::convert_speech(rvc, piece, plan_.rvc_settings, plan_.pitch_target));
}

media::Pcm DubGraph::read_sound(const std::string& path, int64_t rate) {
  media::Pcm pcm = media::read_audio(path, rate, true);
  if (pcm.replaced > 0)
    warnings_.add({"W0118", fmt::format("{} samples of {} are no finite numbers and count as 0",
                                        pcm.replaced, path)});
  return pcm;
}

stages::Speech DubGraph::prompt_sound() {
  if (plan_.convert) return prompt_sound_.get();
  const SourceSpeech& source = source_.get();
  dsp::check_prompt(source.wave, source.spans);
  stages::Speech sound = to_speech(read_sound(config_.dub.input, kOwnRate));
  const auto at = [&](double seconds) {
    return std::min(sound.samples.size(),
                    static_cast<size_t>(seconds * static_cast<double>(sound.rate)));
  };
  const size_t end = at(source.spans.back().end_s);
  sound.samples.resize(end);
  sound.samples.erase(
      sound.samples.begin(),
      sound.samples.begin() + static_cast<std::ptrdiff_t>(at(source.spans.front().start_s)));
  return sound;
}

void DubGraph::make_prompt(Run&) {
  PromptRecord record{.from = plan_.prompt_from_source ? "source" : "voice",
                      .lang = plan_.prompt_lang};
  stages::VoicePrompt prompt;
  if (plan_.prompt_from_source) {
    prompt = {.codes = stages::prompt_codes(*plan_.codec, prompt_sound()),
              .words = plan_.prompt_words};
    record.start_s = source_.get().spans.front().start_s;
    record.end_s = source_.get().spans.back().end_s;
  } else {
    prompt = encode_prompt(plan_.stored_prompt, *plan_.codec, plan_.codec_sha256, warnings_,
                           record.end_s);
  }
  record_.prompt = record;
  prompt_.set(std::move(prompt));
}

void DubGraph::speak(Run& run) {
  const stages::VoicePrompt& prompt = prompt_.get();
  stages::SpeakOptions options{
      .sampling = {config_.clone.temperature, config_.clone.top_k, config_.clone.top_p},
      .seed = env_.seed,
      .takes = plan_.vallex_untrained ? 1 : config_.clone.takes,
      .length_penalty = config_.clone.length_penalty};
  const int64_t slot_frames = std::llround(source_.get().slot.length_s * stages::kFramesPerSecond);
  if (plan_.vallex_untrained) options.fixed_frames = slot_frames;
  options.cancelled = [&run] { return run.should_stop(); };
  options.progress = [&](int64_t frames) {
    progress("vallex", frames, plan_.vallex_untrained ? slot_frames : 0, "frames");
  };
  const stages::SpeakCodec speaker(plan_.vallex, plan_.vocos, plan_.codec);
  stages::SpokenLine line = speaker.run(plan_.line, prompt, options);
  run.check();
  record_.first_audio_ms = now_ms();
  spoken_.set(std::move(line));
}

void DubGraph::plan_line(Run&) {
  if (plan_.plan_ids.empty()) return prosody_.set({});
  stages::ProsodyPlan plan = stages::plan_prosody(*plan_.fastpitch, plan_.plan_ids);
  if (plan_.fastpitch_untrained) plan = stages::scale_plan(plan, source_.get().slot.length_s);
  prosody_.set(std::move(plan));
}

void DubGraph::fit(Run&) {
  const stages::SpokenLine& line = spoken_.get();
  const stages::Slot& slot = source_.get().slot;
  const stages::FitLimits limits{.speed_up = config_.fit.fit != "none",
                                 .max_rate = config_.fit.max_rate,
                                 .max_stretch = config_.fit.max_stretch,
                                 .fail_on_overflow = config_.fit.overflow == "fail"};
  stages::FitResult r =
      stages::fit_to_slot(line.speech, slot, limits, [](const stages::Speech& s, double factor) {
        return to_speech(media::stretch(to_pcm(s), factor));
      });
  FitRecord f{.onset_s = slot.onset_s,
              .slot_s = slot.length_s,
              .natural_s = r.natural_s,
              .final_s = r.final_s,
              .takes = line.takes};
  if (!plan_.plan_ids.empty()) f.predicted_s = prosody_.get().seconds;
  f.rate = r.rate, f.stretch = r.stretch, f.overflow_s = r.overflow_s, f.status = r.status;
  f.align = r.rate * r.stretch > 1.0 ? "uniform" : "none";
  if (r.overflow_s > 0)
    warnings_.add({"W0103", fmt::format("line 1 is {:.2f} s too long", r.overflow_s)});
  record_.fit = {f};
  fitted_.set(std::move(r));
}

void DubGraph::mix(Run&) {
  const stages::FitResult& line = fitted_.get();
  const double onset = source_.get().slot.onset_s;
  const int64_t rate = plan_.info.audio->rate;
  DubbedSound track{place(line.speech, rate, onset, plan_.video_end_s), rate, 1};
  if (video_) video_->track().set(lip_track(line.speech, onset, track));
  sound_.set(std::move(track));
}

/// What the lips follow, and the sound of the output.
LipTrack DubGraph::lip_track(const stages::Speech& speech, double onset, const media::Pcm& track) {
  const std::vector<float> at16 = place(speech, dsp::kLipRate, onset, plan_.video_end_s);
  // A picture's window starts at its own time; the media clock of the pictures may begin later than
  // that of the sound.
  auto lips = std::make_shared<stages::LipSound>(std::filesystem::temp_directory_path().string(),
                                                 plan_.info.video->start_s);
  lips->append(at16.data(), at16.size());
  if (lips->finish())
    warnings_.add(
        {"W0112", "the speech is shorter than one mel window and is padded with silence"});
  media::AudioInfo like = *plan_.info.audio;
  like.codec.clear();  // a dub's sound is AAC, or Opus in WebM
  auto sent = std::make_shared<size_t>(0);
  auto samples = std::make_shared<const media::Pcm>(track);
  return {
      .speech = lips,
      .digest = sha256_hex({reinterpret_cast<const char*>(track.samples.data()),
                            track.samples.size() * sizeof(float)}),
      .sound = media::EncodedSound{
          .next = [sent, samples](media::Pcm& block) { return next_block(*samples, *sent, block); },
          .rate = track.rate,
          .channels = 1,
          .track = like}};
}

/// --no-lips: the pictures are kept as packets.
void DubGraph::copy_pictures(Run& run) {
  const DubbedSound& track = sound_.get();
  size_t sent = 0;
  const auto next = [&](media::Pcm& block) {
    run.check();
    return next_block(track, sent, block);
  };
  const media::ReplaceResult result = media::replace_audio(
      config_.dub.input, config_.dub.out, next, {.rate = track.rate, .overwrite = env_.overwrite});
  for (const media::DroppedStream& d : result.dropped)
    warnings_.add({"W0101", fmt::format("stream {} ({}, {}) is dropped: the container does not "
                                        "take it",
                                        d.stream, d.kind, d.codec)});
  record_.faces.frames = record_.faces.passed_through = result.pictures;
}

void DubGraph::finish_record() {
  keep_graph_times(graph_.times(), record_);
  record_.timing.compute = now_ms();
  if (!video_) return;
  record_.faces = video_->faces();
  record_.first_frame_ms = video_->first_frame_ms();
}

void DubGraph::run() {
  try {
    graph_.run();
  } catch (...) {
    finish_record();
    throw;
  }
  finish_record();
}

}  // namespace vl::dub
