#include "vl/dub/dub_graph.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/error.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio.h"
#include "vl/media/paste.h"
#include "vl/media/video_writer.h"

namespace vl::dub {

namespace {

constexpr double kQueuedFrames = 32, kMinSlot = 0.4;
constexpr int64_t kPromptPeakRate = 16000;
constexpr double kChunkSeconds = 0.5;

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

DubGraph::DubGraph(const DubConfig& config, const DubPlan& plan, const DubEnvironment& env,
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
  stage("decode", [this](Run& r) { decode_sound(r); });
  if (plan.convert) stage("rvc", [this](Run& r) { convert(r); });
  stage("prompt", [this](Run& r) { make_prompt(r); });
  stage("vallex", [this](Run& r) { speak(r); });
  stage("fastpitch", [this](Run& r) { plan_line(r); });
  stage("fit", [this](Run& r) { fit(r); });
  stage("mix", [this](Run& r) { mix(r); });
  stage("decode", [this](Run& r) { decode_pictures(r); });
  if (config.dub.lips) {
    stage("face", [this](Run& r) { find_faces(r); });
    stage("lips", [this](Run& r) { animate(r); });
  }
  stage("encode", [this](Run& r) { encode(r); });
}

void DubGraph::stage(const std::string& name, std::function<void(Run&)> body) {
  graph_.stage(name, [body = std::move(body)](Run& run) {
    c10::InferenceMode inference;
    body(run);
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
  const media::Pcm pcm = media::read_audio(config_.dub.input, kPromptPeakRate, true);
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
  const stages::ConvertVoice rvc(plan_.content, plan_.f0, plan_.rvc);
  prompt_sound_.set(rvc.run(piece, {.semitones = static_cast<double>(config_.rvc.pitch),
                                    .speaker = config_.rvc.speaker,
                                    .seed = env_.seed}));
}

void DubGraph::make_prompt(Run&) {
  stages::VoicePrompt prompt{.words = plan_.prompt_words};
  PromptRecord record{.from = plan_.prompt_from_source ? "source" : "voice",
                      .lang = plan_.prompt_lang};
  if (plan_.prompt_codes.defined()) {
    prompt.codes = plan_.prompt_codes;
    record.end_s = static_cast<double>(prompt.codes.size(0)) / stages::kFramesPerSecond;
  } else {
    stages::Speech sound;
    if (plan_.convert) {
      sound = prompt_sound_.get();
    } else if (plan_.prompt_from_source) {
      const SourceSpeech& source = source_.get();
      dsp::check_prompt(source.wave, source.spans);
      sound =
          to_speech(media::to_mono(media::read_audio(config_.dub.input, stages::kCodecRate, true)));
      const auto rate = static_cast<double>(stages::kCodecRate);
      const auto begin = sound.samples.begin();
      sound.samples = {
          begin + static_cast<std::ptrdiff_t>(source.spans.front().start_s * rate),
          begin + std::min(static_cast<std::ptrdiff_t>(source.spans.back().end_s * rate),
                           static_cast<std::ptrdiff_t>(sound.samples.size()))};
    } else {
      sound = to_speech(media::read_audio(plan_.prompt_audio, stages::kCodecRate, true, 15.0));
    }
    if (plan_.prompt_from_source) {
      record.start_s = source_.get().spans.front().start_s;
      record.end_s = source_.get().spans.back().end_s;
    } else {
      record.end_s = sound.seconds();
    }
    prompt.codes = stages::prompt_codes(
        *plan_.codec, to_speech(media::resample(to_pcm(sound), stages::kCodecRate)));
  }
  record_.prompt = record;
  prompt_.set(std::move(prompt));
}

void DubGraph::speak(Run& run) {
  const stages::VoicePrompt& prompt = prompt_.get();
  stages::SpeakOptions options{
      .sampling = {config_.clone.temperature, config_.clone.top_k, config_.clone.top_p},
      .seed = env_.seed,
      .takes = plan_.untrained ? 1 : config_.clone.takes,
      .length_penalty = config_.clone.length_penalty};
  const int64_t slot_frames = std::llround(source_.get().slot.length_s * stages::kFramesPerSecond);
  if (plan_.untrained) options.fixed_frames = slot_frames;
  options.cancelled = [&run] { return run.should_stop(); };
  options.progress = [&](int64_t frames) {
    progress("vallex", frames, plan_.untrained ? slot_frames : 0, "frames");
  };
  const stages::SpeakCodec speaker(plan_.vallex, plan_.vocos, plan_.codec);
  stages::SpokenLine line = speaker.run(plan_.line, prompt, options);
  run.check();
  record_.first_audio_ms = now_ms();
  spoken_.set(std::move(line));
}

void DubGraph::plan_line(Run&) {
  stages::ProsodyPlan plan = stages::plan_prosody(*plan_.fastpitch, config_.dub.text);
  if (plan_.untrained) plan = stages::scale_plan(plan, source_.get().slot.length_s);
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
              .predicted_s = prosody_.get().seconds,
              .final_s = r.final_s,
              .takes = line.takes};
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

void DubGraph::decode_pictures(Run& run) {
  media::VideoReader reader(config_.dub.input, env_.threads);
  auto& out = decoded_;
  while (auto frame = reader.next()) {
    run.check();
    out.push(std::move(*frame));
  }
  if (reader.damaged() > 0)
    warnings_.add({"W0108", fmt::format("{} damaged frames were passed over", reader.damaged())});
  out.close();
}

void DubGraph::find_faces(Run& run) {
  const LipsOptions& o = config_.lips;
  stages::FinderOptions options{.min_score = o.min_face_score,
                                .by_score = o.face_select == "score",
                                .pads = {o.pads[0], o.pads[1], o.pads[2], o.pads[3]}};
  const stages::FindFaces finder(plan_.face, options);
  const bool fixed = o.box[0] >= 0;
  stages::FaceTracker tracker(!o.nosmooth && !fixed);
  std::deque<media::VideoFrame> waiting;
  FaceCounts& counts = record_.faces;
  float best = 0.0F;
  int64_t best_frame = 0;
  const auto drain = [&] {
    while (auto box = tracker.pop()) {
      faced_.push({std::move(waiting.front()), *box});
      waiting.pop_front();
    }
  };
  while (auto frame = decoded_.pop()) {
    run.check();
    stages::FaceSighting sighting{stages::FaceSighting::State::kUnknown, {}};
    if (fixed) {
      sighting = {stages::FaceSighting::State::kFace, {o.box[2], o.box[0], o.box[3], o.box[1]}};
      if (!stages::usable(sighting.box, frame->width(), frame->height()))
        throw Error(Code::kBoxOutside, "box leaves the picture", Where{.file = config_.dub.input},
                    {fmt::format("the picture is {} x {}", frame->width(), frame->height())});
    } else if (counts.frames % o.detect_every == 0) {
      float score = 0.0F;
      sighting = finder.look(frame->to_bgr(), &score);
      ++counts.detector_calls;
      if (score > best) best = score, best_frame = frame->index();
    }
    if (sighting.state == stages::FaceSighting::State::kFace) ++counts.with_face;
    ++counts.frames;
    waiting.push_back(std::move(*frame));
    tracker.push(sighting);
    progress("face", counts.frames, expected_frames_, "frames");
    drain();
  }
  check_faces(counts.frames, best, best_frame);
  tracker.finish();
  drain();
  counts.tracks = counts.with_face > 0 ? 1 : 0;
  faced_.close();
}

void DubGraph::check_faces(int64_t frames, float best_score, int64_t best_frame) const {
  const FaceCounts& counts = record_.faces;
  if (counts.with_face == 0 && config_.lips.on_no_face == "fail")
    throw Error(
        Code::kNoFace, fmt::format("no face found in any of the {} frames", frames),
        Where{.file = config_.dub.input,
              .stream = plan_.info.video->stream,
              .frame = best_frame,
              .detail = fmt::format("best score {:.2f} at frame {}", best_score, best_frame)},
        {"try --box T,B,L,R, --min-face-score or --on-no-face audio-only"});
  if (counts.detector_calls > 0 && counts.with_face * 2 < counts.detector_calls)
    warnings_.add(
        {"W0102", fmt::format("{} of {} frames have no face",
                              counts.detector_calls - counts.with_face, counts.detector_calls)});
}

void DubGraph::draw(std::vector<FacedFrame>& batch, const stages::AnimateLips& lips) {
  std::vector<media::Image> pictures;
  std::vector<stages::LipJob> jobs;
  std::vector<size_t> owners;
  pictures.reserve(batch.size());
  const double start = plan_.info.video->start_s;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].box) continue;
    pictures.push_back(batch[i].frame.to_bgr());
    jobs.push_back({&pictures.back(), *batch[i].box, batch[i].frame.time_s() - start});
    owners.push_back(i);
  }
  const std::vector<media::Image> predictions = lips.run(jobs);
  const bool whole = config_.lips.paste == "box";
  const int feather = config_.lips.feather == "auto" ? -1 : std::stoi(config_.lips.feather);
  for (size_t k = 0; k < owners.size(); ++k) {
    const stages::IntBox& b = jobs[k].box;
    const media::Rect box{static_cast<int>(b[0]), static_cast<int>(b[1]), static_cast<int>(b[2]),
                          static_cast<int>(b[3])};
    media::Rect changed = box;
    if (whole)
      media::paste_box(pictures[k], box, predictions[k]);
    else
      changed = media::paste_mouth(pictures[k], box, predictions[k], feather);
    batch[owners[k]].frame.write_bgr_region(changed, media::crop(pictures[k], changed));
  }
  record_.faces.redrawn += static_cast<int64_t>(owners.size());
  record_.faces.passed_through += static_cast<int64_t>(batch.size() - owners.size());
}

void DubGraph::animate(Run& run) {
  const stages::AnimateLips lips(plan_.wav2lip, sound_.get().mel);
  const auto size = static_cast<size_t>(config_.lips.wav2lip_batch_size);
  std::vector<FacedFrame> batch;
  int64_t done = 0;
  const auto flush = [&] {
    run.check();
    draw(batch, lips);
    for (FacedFrame& f : batch) drawn_.push(std::move(f.frame));
    done += static_cast<int64_t>(batch.size());
    batch.clear();
    progress("lips", done, expected_frames_, "frames");
  };
  while (auto frame = faced_.pop()) {
    batch.push_back(std::move(*frame));
    if (batch.size() >= size) flush();
  }
  flush();
  drawn_.close();
}

void DubGraph::encode(Run& run) {
  const media::Pcm& track = sound_.get().track;
  media::VideoWriter writer(config_.dub.out, plan_.info,
                            {.video_codec = config_.encode.video_codec,
                             .crf = static_cast<int>(config_.encode.crf),
                             .overwrite = env_.overwrite,
                             .threads = env_.threads});
  const media::Pcm sound = media::resample(track, writer.audio_rate());
  size_t sent = 0;
  const auto send_until = [&](double seconds) {
    const auto end =
        std::min(sound.samples.size(),
                 static_cast<size_t>(std::max(0.0, seconds) * static_cast<double>(sound.rate)));
    if (end <= sent) return;
    writer.write_audio({{sound.samples.begin() + static_cast<std::ptrdiff_t>(sent),
                         sound.samples.begin() + static_cast<std::ptrdiff_t>(end)},
                        sound.rate,
                        1});
    sent = end;
  };
  auto& frames = config_.dub.lips ? drawn_ : decoded_;
  int64_t done = 0;
  while (auto frame = frames.pop()) {
    run.check();
    if (done == 0) record_.first_frame_ms = now_ms();
    send_until(frame->time_s() + kChunkSeconds);
    writer.write_video(*frame);
    progress("encode", ++done, expected_frames_, "frames");
  }
  if (!config_.dub.lips) record_.faces.frames = record_.faces.passed_through = done;
  send_until(plan_.video_end_s + 1.0);
  run.check();
  writer.close();
}

void DubGraph::finish_record(double total_ms) {
  for (const pipeline::StageTimes& t : graph_.times()) {
    const auto known = std::find_if(record_.waterfall.begin(), record_.waterfall.end(),
                                    [&](auto& s) { return s.stage == t.stage; });
    if (known == record_.waterfall.end()) {
      record_.waterfall.push_back({t.stage, t.start_ms, t.end_ms, t.busy_ms(), t.wait_ms});
    } else {
      known->start_ms = std::min(known->start_ms, t.start_ms);
      known->end_ms = std::max(known->end_ms, t.end_ms);
      known->busy_ms += t.busy_ms();
      known->wait_ms += t.wait_ms;
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
  for (const SpanRecord& s : record_.waterfall)
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
