#include "vl/dub/speak_run.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/dub/media_record.h"
#include "vl/dub/stored_prompt.h"
#include "vl/media/audio.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/sentences.h"

namespace vl::dub {

using text::FastPitchLine;
using text::MarkedLine;

namespace {

constexpr const char* kStandardStream = "-";
// Seconds of silence before a sentence, a paragraph and the rest of a sentence that was cut.
constexpr double kSentencePause = 0.35, kParagraphPause = 0.7, kCutPause = 0.12;
constexpr size_t kShortText = 60, kMostSymbols = 320;  // bytes, symbols of a line
constexpr size_t kSideBySide = 4;                      // lines through FastPitch at once
constexpr int64_t kFirstChunk = 96;                    // frames
constexpr double kFadedRest = 0.02;                    // seconds beyond a slot that a fade takes
constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kLeastWave = 64;  // samples at 16 kHz that the conversion takes

Error no_time() {
  return {
      Code::kSpeechRejected, "FastPitch gives the text no time at all", {}, {"take another model"}};
}

double sum(const std::vector<double>& v) {
  double out = 0;
  for (double d : v) out += d;
  return out;
}

}  // namespace

std::vector<MarkedLine> lines_of(const text::MarkedText& marked, const std::string& language,
                                 const text::FastPitchFrontEnd& front_end) {
  return text::marked_lines(marked, language, [&](const std::string& part) {
    return part.size() <= kShortText ||
           text::fastpitch_line({.spans = {{part, {}, 0}}}, front_end).ids.size() <= kMostSymbols;
  });
}

SpeakRun::SpeakRun(const SpeakConfig& config, const SpeechParts& parts, const SpeakRequest& request,
                   const JobEnvironment& env, WarningList& warnings, SpeakRecord& record)
    : config_(config),
      parts_(parts),
      request_(request),
      env_(env),
      warnings_(warnings),
      record_(record),
      times_("speak", env, record) {}

/// Each line draws the words that become phones anew.
FastPitchLine SpeakRun::read(size_t i) const {
  return text::fastpitch_line(lines_[i], *parts_.front_end, static_cast<uint32_t>(env_.seed + i));
}

void SpeakRun::prepare(const text::MarkedText& marked) {
  if (request_.text.size() > kMostBytes)
    fail(Code::kOverLimit, "the text is {} bytes long, limit {}", request_.text.size(), kMostBytes);
  kind_ = media::audio_kind_of(request_.out, config_.verb.format);
  if (request_.out != kStandardStream) check_output(request_.out, env_.overwrite);
  const std::string& timing = config_.verb.timing_out;
  if (!timing.empty()) check_timing_name(timing), check_output(timing, env_.overwrite);
  record_.id = request_.id;
  record_.text_chars = static_cast<int64_t>(text::decode_utf8(marked.text).size());
  lines_ = lines_of(marked, record_.lang, *parts_.front_end);
  size_t i = 0;
  while (i < lines_.size() && read(i).empty()) ++i;
  if (i == lines_.size()) throw text::nothing_to_speak();
  for (const MarkedLine& line : lines_) chars_ += line.text().size();
}

/// Frames of silence before line i, which is not the first.
int64_t SpeakRun::pause_before(size_t i, const FastPitchLine& line) const {
  const bool own = !line.breaks.empty() && line.breaks.front().symbol == 0;
  if (own) return 0;
  const double seconds = lines_[i].begins_paragraph  ? kParagraphPause
                         : lines_[i].begins_sentence ? kSentencePause
                                                     : kCutPause;
  return std::llround(parts_.line->frames_of(seconds / config_.speak.rate));
}

/// Durations of all lines, line by line: the pause before it, its symbols, its breaks.
SpeakRun::Natural SpeakRun::natural() const {
  Natural out;
  double spoken = 0;
  const auto add = [&](double frames, text::SymbolKind kind) {
    out.frames.push_back(frames);
    out.kinds.push_back(kind);
  };
  for (size_t i = 0; i < lines_.size(); ++i) {
    times_.check();
    const FastPitchLine line = read(i);
    out.lines.push_back({line.ids.size(), line.breaks.size()});
    if (line.empty()) continue;
    add(out.frames.empty() ? 0.0 : static_cast<double>(pause_before(i, line)),
        text::SymbolKind::kPause);
    const std::vector<double> durations = parts_.line->durations(line);
    for (size_t k = 0; k < durations.size(); ++k)
      add(durations[k], parts_.front_end->symbols().kind(line.ids[k]));
    spoken += sum(durations);
    for (const auto& pause : line.breaks)
      add(parts_.line->frames_of(pause.seconds), text::SymbolKind::kPause);
  }
  if (spoken == 0) throw no_time();
  return out;
}

/// Durations of all lines and the pauses in them and between them for --target-seconds.
void SpeakRun::solve() {
  const Natural n = natural();
  const double target = config_.speak.target_seconds, frame_s = parts_.line->frame_seconds();
  const auto most = std::max<int64_t>(1, static_cast<int64_t>(std::floor(target / frame_s)));
  const stages::FittedDurations fitted = stages::fit_durations(n.frames, n.kinds, most, frame_s);
  auto at = fitted.frames.begin();
  solved_.resize(n.lines.size());
  solved_pauses_.resize(n.lines.size());
  for (size_t i = 0; i < n.lines.size(); ++i) {
    if (n.lines[i].symbols == 0) continue;
    solved_pauses_[i] = *at++;
    const auto symbols_end = at + static_cast<std::ptrdiff_t>(n.lines[i].symbols),
               breaks_end = symbols_end + static_cast<std::ptrdiff_t>(n.lines[i].breaks);
    solved_[i] = {.symbols = {at, symbols_end}, .breaks = {symbols_end, breaks_end}};
    at = breaks_end;
  }
  keep_fit(fitted, sum(n.frames) * frame_s,
           static_cast<double>(most + fitted.excess - fitted.missing) * frame_s);
}

/// @param natural_s, got_s lengths before and behind the fit
void SpeakRun::keep_fit(const stages::FittedDurations& fitted, double natural_s, double got_s) {
  const double target = config_.speak.target_seconds, rest = std::max(0.0, got_s - target),
               over = rest > kFadedRest ? rest : 0.0;
  if (over > 0)
    warnings_.add({"W0103", fmt::format("the text is {:.2f} s too long for {:g} s", over, target)});
  else if (rest > 0)
    end_ = std::llround(target * static_cast<double>(parts_.rate));
  record_.fit = {{.slot_s = target,
                  .natural_s = natural_s,
                  .predicted_s = natural_s,
                  .final_s = over > 0 ? got_s : std::min(got_s, target),
                  .engine = "fastpitch",
                  .align = "exact",
                  .rate = fitted.rate,
                  .stretch = fitted.stretch,
                  .overflow_s = over,
                  .status = over > 0             ? "overflow"
                            : fitted.stretch > 1 ? "stretch"
                            : fitted.rate != 1   ? "rate"
                                                 : "fits"}};
}

void SpeakRun::speak() {
  times_.restart();
  if (config_.speak.target_seconds > 0)
    times_.part("fastpitch", record_.timing.fastpitch, [&] { solve(); });
  writer_ = std::make_unique<media::AudioWriter>(
      request_.out, media::AudioFormat{kind_, parts_.rate, 1}, env_.overwrite);
  for (size_t i = 0, done = 0; i < lines_.size();) {
    std::vector<size_t> indices;
    std::vector<FastPitchLine> lines;
    const size_t most = done == 0 ? 1 : kSideBySide;
    for (; i < lines_.size() && lines.size() < most; ++i) {
      FastPitchLine line = read(i);
      if (line.empty()) continue;
      indices.push_back(i);
      lines.push_back(std::move(line));
    }
    if (!lines.empty()) speak_lines(done, indices, lines);
    done += lines.size();
  }
  if (config_.speak.target_seconds > 0)
    silence_to(std::llround(config_.speak.target_seconds * static_cast<double>(parts_.rate)));
  record_.timing.compute = times_.ms();
  if (!record_.first_audio_ms) throw no_time();
  times_.finish();
  times_.whole("encode", record_.timing.encode, [&] { close(); });
  record_.output = sound_record(request_.out, kind_, parts_.rate, writer_->frames());
  record_.timing.total = times_.ms() + *record_.timing.load;
}

/// The files appear together.
void SpeakRun::close() {
  std::unique_ptr<AtomicFile> timing;
  if (const std::string& path = config_.verb.timing_out; !path.empty()) {
    timing = std::make_unique<AtomicFile>(path, env_.overwrite);
    timing->write(timing_text(path, word_times_));
  }
  writer_->close();
  if (timing) timing->commit();
}

/// @param first lines that were spoken before
void SpeakRun::speak_lines(size_t first, const std::vector<size_t>& indices,
                           const std::vector<FastPitchLine>& lines) {
  std::vector<stages::LineFrames> given;
  if (!solved_.empty())
    for (size_t i : indices) given.push_back(solved_[i]);
  std::vector<stages::LineMel> mels;
  times_.part("fastpitch", record_.timing.fastpitch,
              [&] { mels = parts_.line->run(lines, given); });
  for (size_t k = 0; k < lines.size(); ++k) {
    const size_t i = indices[k];
    record_.tokens += static_cast<int64_t>(lines[k].ids.size());
    for (const std::string& word : lines[k].unknown_words) {
      if (!unknown_words_.insert(word).second) continue;
      record_.unknown_words.push_back(word);
      warnings_.add(spelled_word(word));
    }
    if (!solved_.empty())
      frame_ += solved_pauses_[i];
    else if (first + k > 0)
      frame_ += pause_before(i, lines[k]);
    silence_to(sample_of(frame_));
    if (!config_.verb.timing_out.empty()) keep_times(i, lines[k], mels[k]);
    speak_line(i, mels[k]);
  }
}

void SpeakRun::speak_line(size_t i, const stages::LineMel& mel) {
  std::vector<float> wave;
  frame_ += mel.mel.size(1);
  stages::VocodeCalls calls{.fade_frames = config_.speak.fade_out};
  if (written_ == 0) calls.first_chunk = kFirstChunk;
  calls.check = [&] { times_.check(); };
  calls.sink = [&](const at::Tensor& piece) {
    const at::Tensor sound = piece.contiguous();
    const float* samples = sound.const_data_ptr<float>();
    if (parts_.convert)
      wave.insert(wave.end(), samples, samples + sound.numel());
    else
      write(samples, sound.numel());
  };
  times_.part("vocoder", record_.timing.vocoder, [&] { parts_.vocoder->run(mel, calls); });
  if (parts_.convert) times_.part("rvc", record_.timing.rvc, [&] { convert(wave); });
  chars_done_ += lines_[i].text().size();
  if (!env_.on_progress) return;
  for (const StageSpan& stage : times_.open())
    env_.on_progress(stage.stage, static_cast<int64_t>(chars_done_), static_cast<int64_t>(chars_),
                     "characters");
}

/// The line in the target voice, as long as it was.
void SpeakRun::convert(const std::vector<float>& wave) {
  const media::Pcm at16 = media::resample({wave, parts_.vocoder->rate(), 1}, stages::kRvcRate);
  if (at16.samples.size() < kLeastWave) return silence_to(sample_of(frame_));
  const stages::Speech speech =
      stages::convert_speech(*parts_.convert, at::tensor(at16.samples), parts_.settings,
                             parts_.pitch_target, config_.rvc.rms_mix_rate);
  media::Pcm out = media::resample({speech.samples, speech.rate, 1}, parts_.rate);
  out.samples.resize(static_cast<size_t>(sample_of(frame_) - written_), 0.0F);
  write(out.samples.data(), static_cast<int64_t>(out.samples.size()));
}

int64_t SpeakRun::sample_of(int64_t frame) const {
  return std::llround(static_cast<double>(frame) * parts_.line->frame_seconds() *
                      static_cast<double>(parts_.rate));
}

/// Sound behind the end of the slot is cut off behind a fade.
void SpeakRun::write(const float* samples, int64_t count) {
  if (!record_.first_audio_ms) record_.first_audio_ms = times_.ms();
  const auto fade = static_cast<int64_t>(kFadedRest * static_cast<double>(parts_.rate));
  if (end_ == 0 || written_ + count <= end_ - fade) {
    writer_->write(samples, count);
  } else {
    std::vector<float> faded(samples, samples + std::clamp<int64_t>(end_ - written_, 0, count));
    for (size_t i = 0; i < faded.size(); ++i) {
      const int64_t left = end_ - written_ - static_cast<int64_t>(i) - 1;
      if (left < fade) faded[i] *= static_cast<float>(left) / static_cast<float>(fade);
    }
    writer_->write(faded.data(), static_cast<int64_t>(faded.size()));
  }
  written_ += count;
}

void SpeakRun::silence_to(int64_t sample) {
  const std::vector<float> zeros(4096, 0.0F);
  while (written_ < sample) {
    const int64_t count = std::min<int64_t>(sample - written_, static_cast<int64_t>(zeros.size()));
    writer_->write(zeros.data(), count);
    written_ += count;
  }
}

void SpeakRun::keep_times(size_t i, const FastPitchLine& line, const stages::LineMel& mel) {
  const auto seconds = [&](int64_t frame) {
    return static_cast<double>(frame_ + frame) * parts_.line->frame_seconds();
  };
  TimedLine out;
  out.text = lines_[i].text();
  out.start_s = seconds(0);
  out.end_s = seconds(mel.mel.size(1));
  for (const auto& word : line.words)
    out.words.push_back(
        {word.text, seconds(mel.starts[word.begin]), seconds(mel.ends[word.end - 1])});
  for (size_t k = 0; k < line.ids.size(); ++k)
    out.symbols.push_back({parts_.front_end->symbols().symbol(line.ids[k]), seconds(mel.starts[k]),
                           seconds(mel.ends[k])});
  word_times_.push_back(std::move(out));
}

}  // namespace vl::dub
