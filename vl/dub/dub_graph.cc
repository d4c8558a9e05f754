#include "vl/dub/dub_graph.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/error.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/dub/voice_prompt.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio.h"

namespace vl::dub {

namespace {

constexpr double kQueuedFrames = 32, kMinSlot = 0.4;
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

}  // namespace

DubGraph::DubGraph(const DubConfig& config, const DubPlan& plan, const JobEnvironment& env,
                   WarningList& warnings, DubRecord& record)
    : config_(config),
      plan_(plan),
      env_(env),
      warnings_(warnings),
      record_(record),
      graph_(env.cancelled),
      begin_(std::chrono::steady_clock::now()),
      expected_frames_(plan.info.video->frames),
      source_(graph_.value<SourceSpeech>()),
      prompt_sound_(graph_.value<stages::Speech>()),
      prompt_(graph_.value<stages::VoicePrompt>()),
      spoken_(graph_.value<stages::SpokenLine>()),
      prosody_(graph_.value<stages::ProsodyPlan>()),
      fitted_(graph_.value<stages::FitResult>()),
      sound_(graph_.value<DubbedSound>()),
      decoded_(graph_.channel<media::VideoFrame>(kQueuedFrames)),
      faced_(graph_.channel<FacedFrame>(kQueuedFrames)),
      drawn_(graph_.channel<media::VideoFrame>(kQueuedFrames)) {
  graph_.on_thread_start([] { kernels::prepare_compute_thread(); });
  if (env.on_stage) graph_.on_stage(env.on_stage);
  stage("decode", {}, &DubGraph::decode_sound);
  if (plan.convert) stage("rvc", {&source_}, &DubGraph::convert);
  stage("prompt", {plan.convert ? static_cast<pipeline::Input*>(&prompt_sound_) : &source_},
        &DubGraph::make_prompt);
  stage("vallex", {&prompt_, &source_}, &DubGraph::speak);
  stage("fastpitch", {}, &DubGraph::plan_line);
  stage("fit", {&spoken_, &prosody_}, &DubGraph::fit);
  stage("mix", {&fitted_}, &DubGraph::mix);
  stage("decode", {}, &DubGraph::decode_pictures);
  if (config.dub.lips) {
    stage("face", {&decoded_}, &DubGraph::find_faces);
    stage("lips", {&faced_, &sound_}, &DubGraph::animate);
  }
  stage("encode", {config.dub.lips ? &drawn_ : &decoded_, &sound_}, &DubGraph::encode);
}

void DubGraph::stage(const std::string& name, std::vector<pipeline::Input*> inputs,
                     void (DubGraph::*body)(Run&)) {
  graph_.stage(name, std::move(inputs), [this, name, body](Run& run) {
    const c10::InferenceMode inference;
    const ScopedSpan span(env_.trace, name);
    (this->*body)(run);
  });
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
  DubbedSound out{.track = {place(line.speech, rate, onset, plan_.video_end_s), rate, 1}};
  std::vector<float> at16 = place(line.speech, dsp::kLipRate, onset, plan_.video_end_s);
  // A picture's window starts at its own time; the media clock of the pictures may begin later than
  // that of the sound.
  const auto skip =
      static_cast<size_t>(std::llround(std::max(0.0, plan_.info.video->start_s) * dsp::kLipRate));
  at16.erase(at16.begin(), at16.begin() + static_cast<std::ptrdiff_t>(std::min(skip, at16.size())));
  if (at16.size() < 3600) {
    warnings_.add(
        {"W0112", "the speech is shorter than one mel window and is padded with silence"});
    at16.resize(3600, 0.0F);
  }
  out.mel = dsp::wav2lip_mel(to_tensor(at16));
  sound_.set(std::move(out));
}

void DubGraph::finish_record(double total_ms) {
  for (const pipeline::StageTimes& t : graph_.times()) {
    const auto known = std::find_if(record_.waterfall.begin(), record_.waterfall.end(),
                                    [&](auto& s) { return s.stage == t.stage; });
    if (known == record_.waterfall.end()) {
      record_.waterfall.push_back({.stage = t.stage,
                                   .start_ms = t.start_ms,
                                   .end_ms = t.end_ms,
                                   .busy_ms = t.busy_ms(),
                                   .wait_ms = t.wait_ms,
                                   .device = record_.device});
    } else {
      known->start_ms = std::min(known->start_ms, t.start_ms);
      known->end_ms = std::max(known->end_ms, t.end_ms);
      known->busy_ms += t.busy_ms();
      known->wait_ms += t.wait_ms;
      ++known->calls;
    }
  }
  Timing& timing = record_.timing;
  const std::map<std::string, std::optional<double>*> slots = {{"decode", &timing.decode},
                                                               {"rvc", &timing.rvc},
                                                               {"prompt", &timing.prompt},
                                                               {"vallex", &timing.vallex},
                                                               {"fastpitch", &timing.fastpitch},
                                                               {"fit", &timing.fit},
                                                               {"face", &timing.face},
                                                               {"lips", &timing.lips},
                                                               {"mix", &timing.mix},
                                                               {"encode", &timing.encode}};
  for (const StageSpan& s : record_.waterfall)
    if (const auto it = slots.find(s.stage); it != slots.end()) *it->second = s.busy_ms;
  timing.compute = total_ms;
}

void DubGraph::run() {
  try {
    graph_.run();
  } catch (...) {
    finish_record(now_ms());
    throw;
  }
  finish_record(now_ms());
}

}  // namespace vl::dub
