#include "vl/dub/clone_speech.h"

#include <algorithm>
#include <set>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/clock.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/media_record.h"
#include "vl/dub/spoken_text.h"
#include "vl/dub/stage_times.h"
#include "vl/dub/stored_prompt.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/media/audio_writer.h"
#include "vl/stages/speak_text.h"
#include "vl/text/sentences.h"

namespace vl::dub {

namespace {

constexpr const char* kMixed = "mix";
constexpr const char* kStandardStream = "-";
constexpr double kLongest = 22.0;  // seconds of prompt and line together
constexpr double kSecondsPerToken = 0.076, kFastest = 0.04, kSlowest = 0.12;

std::string language_of_text(const CloneConfig& c, const ModelSet& models) {
  if (c.verb.lang == kMixed) return kMixed;
  return offered_language(c.verb.lang, c.verb.text, models.languages("vallex"));
}

/// One run of the verb.
class CloneRun {
 public:
  CloneRun(const CloneConfig& config, ModelSet& models, const JobEnvironment& env,
           WarningList& warnings, CloneRecord& record)
      : config_(config),
        models_(models),
        env_(env),
        warnings_(warnings),
        record_(record),
        times_("clone", env, record) {}

  void run() {
    config_.validate();
    check_target();
    load();
    times_.whole("prompt", record_.timing.prompt, [&] {
      prompt_ = encode_prompt(stored_, *codec_, models_.digest("codec"), warnings_,
                              record_.prompt_seconds);
    });
    times_.whole("vallex", record_.timing.vallex, [&] { speak(); });
    record_.timing.compute = times_.ms();
    times_.whole("encode", record_.timing.encode, [&] { writer_->close(); });
    record_.output = sound_record(config_.verb.out, kind_, stages::kCodecRate, writer_->frames());
    record_.timing.total = times_.ms() + *record_.timing.load;
  }

 private:
  void check_target() {
    kind_ = media::audio_kind_of(config_.verb.out, config_.verb.format);
    if (config_.verb.out != kStandardStream) check_output(config_.verb.out, env_.overwrite);
  }

  void load() {
    const Stopwatch load;
    const CloneOptions& o = config_.clone;
    const weights::PackVoice* voice =
        o.prompt_audio.empty() ? &models_.voice(config_.verb.voice) : nullptr;
    record_.voice = voice != nullptr ? voice->name : kOwnPrompt;
    std::vector<std::string> hashes;
    if (config_.consent.given())
      for (const std::string& file : o.prompt_audio) hashes.push_back(sha256_file(file));
    record_.consent = job_consent(config_.consent, voice, hashes);
    if (record_.consent.kind == "none")
      warnings_.add({"W0119", "an ad-hoc voice is used without a consent record"});
    front_ends_ = std::make_unique<text::FrontEnds>(
        env_.assets_dir, pronunciations(config_.text, models_.pack(), record_.voice));
    record_.lang = language_of_text(config_, models_);
    // Is there anything, and in languages that the model has?
    const text::VallexTokens all =
        text::vallex_tokens(config_.verb.text, record_.lang, *front_ends_);
    for (const int64_t id : std::set<int64_t>(all.languages.begin(), all.languages.end()))
      check_offered(text::vallex_language(id), models_.languages("vallex"));
    stored_ = find_prompt(o, voice, models_.languages("vallex"), *front_ends_);
    lm_ = models_.get<models::vallex::Vallex>("vallex");
    codec_ = models_.get<models::encodec::Encodec>("codec");
    if (models_.has("vocos")) vocos_ = models_.get<models::vocos::Vocos>("vocos");
    untrained_ = models_.untrained().count("vallex") != 0;
    models_.warn_untrained(warnings_);
    record_.job = env_.job;
    record_.seed = env_.seed;
    record_.takes = untrained_ ? 1 : o.takes;
    record_.models = models_.used();
    record_.timing.load = load.ms();
    times_.restart();
  }

  double seconds_of(const text::VallexTokens& line) const {
    const auto tokens = static_cast<double>(prompt_.words.ids.size());
    const double pace = tokens > 0 ? std::clamp(record_.prompt_seconds / tokens, kFastest, kSlowest)
                                   : kSecondsPerToken;
    return pace * static_cast<double>(line.ids.size());
  }

  /// Sentences, those that are too long in parts; what says nothing is left out.
  std::vector<text::VallexTokens> lines() {
    const std::string& lang = record_.lang;
    std::vector<text::VallexTokens> out;
    if (lang == kMixed) return {text::vallex_tokens(config_.verb.text, lang, *front_ends_)};
    const double most = std::min(config_.long_text.max_line_s, kLongest - record_.prompt_seconds);
    const auto tokens = [&](const std::string& part) -> text::VallexTokens {
      try {
        return text::vallex_tokens(part, lang, *front_ends_);
      } catch (const Error& e) {
        if (e.code() == Code::kBadText) return {};  // marks only
        throw;
      }
    };
    for (const std::string& sentence : text::split_sentences(config_.verb.text, lang)) {
      const std::vector<std::string> parts = text::split_to_fit(
          sentence, [&](const std::string& part) { return seconds_of(tokens(part)) <= most; });
      if (parts.size() > 1)
        warnings_.add({"W0114", fmt::format("a sentence of about {:.0f} s was split in {} parts",
                                            seconds_of(tokens(sentence)), parts.size())});
      for (const std::string& part : parts)
        if (text::VallexTokens line = tokens(part); !line.ids.empty()) out.push_back(line);
    }
    if (out.empty()) throw text::nothing_to_speak();
    return out;
  }

  void warn_of_words(const std::vector<text::VallexTokens>& lines) {
    std::set<std::string> words;
    for (const text::VallexTokens& line : lines)
      words.insert(line.unknown_words.begin(), line.unknown_words.end());
    for (const std::string& word : words) warnings_.add(spelled_word(word));
  }

  void speak() {
    const std::vector<text::VallexTokens> spoken = lines();
    warn_of_words(spoken);
    double seconds = 0.0;
    for (const text::VallexTokens& line : spoken) seconds += seconds_of(line);
    const auto total = static_cast<int64_t>(seconds * stages::kFramesPerSecond);
    writer_ = std::make_unique<media::AudioWriter>(
        config_.verb.out, media::AudioFormat{kind_, stages::kCodecRate, 1}, env_.overwrite);
    const CloneOptions& o = config_.clone;
    int64_t done = 0;
    stages::SpeakTextOptions options;
    options.line = {.sampling = {o.temperature, o.top_k, o.top_p},
                    .seed = env_.seed,
                    .takes = record_.takes,
                    .length_penalty = o.length_penalty,
                    .repetition_guard = config_.long_text.repetition_guard,
                    .cancelled = env_.cancelled};
    options.line.progress = [&](int64_t frames) {
      if (env_.on_progress)
        env_.on_progress("vallex", done + frames, std::max(total, done + frames), "frames");
    };
    options.on_line = [&](size_t lines_done) {
      done = total * static_cast<int64_t>(lines_done) / static_cast<int64_t>(spoken.size());
    };
    options.mode = config_.long_text.long_text == "sliding" ? stages::LongText::kSliding
                                                            : stages::LongText::kFixed;
    const std::string& accent = config_.long_text.accent;
    if (accent != "auto" && accent != "none") options.accent = text::vallex_language_id(accent);
    if (untrained_)
      options.fixed_frames = [&](size_t i) {
        return std::max<int64_t>(1, std::llround(seconds_of(spoken[i]) * stages::kFramesPerSecond));
      };
    options.sink = [&](const at::Tensor& wave) {
      if (!record_.first_audio_ms) record_.first_audio_ms = times_.ms();
      writer_->write(wave.const_data_ptr<float>(), wave.numel());
    };
    const std::vector<stages::LineReport> reports =
        stages::SpeakText(lm_, vocos_, codec_).run(spoken, prompt_, options);
    for (const stages::LineReport& r : reports) record_.ar_tokens += r.frames;
    record_.take_used = reports.back().take_used + 1;
    record_.stopped_by = reports.back().stopped_by;
  }

  const CloneConfig& config_;
  ModelSet& models_;
  const JobEnvironment& env_;
  WarningList& warnings_;
  CloneRecord& record_;
  StageTimes times_;
  media::AudioKind kind_ = media::AudioKind::kWav;
  std::unique_ptr<text::FrontEnds> front_ends_;
  StoredPrompt stored_;
  stages::VoicePrompt prompt_;
  std::shared_ptr<const models::vallex::Vallex> lm_;
  std::shared_ptr<const models::encodec::Encodec> codec_;
  std::shared_ptr<const models::vocos::Vocos> vocos_;
  std::unique_ptr<media::AudioWriter> writer_;
  bool untrained_ = false;
};

}  // namespace

void clone_speech(const CloneConfig& config, ModelSet& models, const JobEnvironment& environment,
                  WarningList& warnings, CloneRecord& record) {
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  CloneRun(config, models, environment, warnings, record).run();
}

}  // namespace vl::dub
