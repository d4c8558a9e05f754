#include "vl/dub/text_speaker.h"

#include <filesystem>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/clock.h"
#include "vl/core/error.h"
#include "vl/dub/consent.h"
#include "vl/dub/fastpitch_front_end.h"
#include "vl/dub/rvc_voice.h"
#include "vl/dub/stored_prompt.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/text/marked_lines.h"
#include "vl/text/sentences.h"

namespace vl::dub {

using models::fastpitch::FastPitch;
using models::hifigan::Generator;

namespace {

/// The voice that --voice names, or null for FastPitch as it is. Without --voice a pack's default
/// voice goes with the pack's own FastPitch, and a conversion model given by a flag stands alone.
const weights::PackVoice* find_voice(const SpeakConfig& c, const ModelSet& models) {
  const std::string& name = c.verb.voice;
  const bool by_default = c.rvc.rvc_model.empty() && !models.pack().default_voice.empty() &&
                          models.of_pack("fastpitch");
  if (name == kOwnVoice || (name.empty() && !by_default)) return nullptr;
  return &models.voice(name);
}

/// A vocoder understands the mels that it was trained on.
void check_pair(const models::fastpitch::FastPitchConfig& f,
                const models::hifigan::HifiganConfig& h) {
  const struct {
    const char* what;
    double fastpitch, hifigan;
  } rows[] = {
      {"sampling_rate", double(f.sampling_rate), double(h.sampling_rate)},
      {"hop_length", double(f.hop_length), double(h.samples_per_frame())},
      {"n_mel_channels", double(f.n_mel_channels), double(h.num_mels)},
      {"filter_length", double(f.filter_length), double(h.n_fft)},
      {"win_length", double(f.win_length), double(h.win_size)},
      {"mel_fmin", f.mel_fmin, h.fmin},
      {"mel_fmax", f.mel_fmax, h.fmax},
  };
  for (const auto& row : rows)
    if (row.fastpitch != row.hifigan)
      throw Error(Code::kUnsupportedVariant,
                  fmt::format("FastPitch and HiFi-GAN have different mels: {} is {} and {}",
                              row.what, row.fastpitch, row.hifigan),
                  {}, {"take models that were trained on the same sounds (--hifigan-model)"});
}

text::UserLexicon readings_of(const SpeakConfig& c, const ModelSet& models,
                              const weights::PackVoice* voice) {
  return pronunciations(c.text, models.pack(), voice != nullptr ? voice->name : kOwnVoice);
}

}  // namespace

TextSpeaker::TextSpeaker(const SpeakConfig& config, const ModelPlaces& places,
                         const JobEnvironment& env, WarningList& warnings)
    : config_(config), models_(places) {
  const Stopwatch watch;
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  config_.validate();
  const auto& o = config_.speak;
  voice_ = find_voice(config_, models_);
  const auto model = models_.get<FastPitch>("fastpitch");
  const auto generator = models_.get<Generator>("hifigan");
  check_pair(model->config(), generator->config());
  parts_.front_end =
      fastpitch_front_end(model->config(), o.arpabet_share(model->config().p_arpabet),
                          env.assets_dir, readings_of(config_, models_, voice_));
  stages::SpeakLineOptions line{.pace = o.rate,
                                .energy_scale = o.energy_scale,
                                .pitch = {.flatten = o.pitch_transform_flatten,
                                          .invert = o.pitch_transform_invert,
                                          .amplify = o.pitch_transform_amplify,
                                          .shift_hz = o.pitch_transform_shift},
                                .speaker = o.tts_speaker,
                                .half_even = o.duration_rounding == "jit",
                                .usual_durations = models_.untrained().count("fastpitch") != 0};
  if (line.speaker < 0) line.speaker = voice_ != nullptr ? voice_->tts_speaker : 0;
  parts_.line = std::make_unique<const stages::SpeakLine>(model, parts_.front_end->symbols(), line);
  parts_.vocoder = std::make_unique<const stages::VocodeLine>(generator, o.denoising_strength);
  parts_.rate = generator->config().sampling_rate;
  load_voice(env.seed);
  keep_consent(warnings);
  models_.warn_untrained(warnings);
  load_ms_ = watch.ms();
}

void TextSpeaker::load_voice(uint64_t seed) {
  const stages::RvcOptions& o = config_.rvc;
  if (o.rvc_model.empty() && (voice_ == nullptr || !voice_->rvc)) return;
  stages::RvcModels rvc = load_rvc(o, voice_, models_);
  parts_.settings = stages::to_settings(o, rvc.f0 != nullptr, seed);
  parts_.pitch_target = pitch_target(o, voice_);
  parts_.rate = o.resample_sr > 0 ? o.resample_sr : rvc.voice->config().sample_rate;
  parts_.convert = std::make_unique<const stages::ConvertVoice>(std::move(rvc));
}

void TextSpeaker::keep_consent(WarningList& warnings) {
  const bool adhoc = !config_.rvc.rvc_model.empty();
  voice_name_ = voice_ != nullptr ? voice_->name
                : adhoc           ? std::filesystem::path(config_.rvc.rvc_model).stem().string()
                                  : kOwnVoice;
  consent_ = job_consent(config_.consent, voice_, {models_.digest("rvc")});
  if (consent_.kind != "none") return;
  if (adhoc)
    warnings.add({"W0119", "an ad-hoc voice is used without a consent record"});
  else if (models_.of_pack("fastpitch"))
    consent_.kind = "pack";
}

void TextSpeaker::run(const SpeakRequest& request, const JobEnvironment& env, WarningList& warnings,
                      SpeakRecord& record) const {
  const c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  record.job = env.job;
  record.seed = env.seed;
  record.voice = voice_name_;
  record.consent = consent_;
  record.models = models_.used();
  const text::MarkedText marked =
      config_.speak.markup ? text::parse_markup(request.text) : text::unmarked(request.text);
  record.lang =
      offered_language(config_.verb.lang, marked.text, models_.languages("fastpitch"), "fastpitch");
  SpeakRun run(config_, parts_, request, env, warnings, record);
  run.prepare(marked);
  record.timing.load = load_ms_;
  run.speak();
}

Phonemes show_symbols(const SpeakConfig& config, ModelSet& models, const std::string& assets_dir,
                      uint64_t seed) {
  const auto model = models.get<FastPitch>("fastpitch");
  const weights::PackVoice* voice = find_voice(config, models);
  const auto front_end =
      fastpitch_front_end(model->config(), config.speak.arpabet_share(model->config().p_arpabet),
                          assets_dir, readings_of(config, models, voice));
  const text::MarkedText marked =
      config.speak.markup ? text::parse_markup(config.verb.text) : text::unmarked(config.verb.text);
  Phonemes out{.lang = offered_language(config.verb.lang, marked.text,
                                        models.languages("fastpitch"), "fastpitch")};
  const std::vector<text::MarkedLine> lines = lines_of(marked, out.lang, *front_end);
  for (size_t i = 0; i < lines.size(); ++i) {
    const text::FastPitchLine read =
        text::fastpitch_line(lines[i], *front_end, static_cast<uint32_t>(seed + i));
    if (read.empty()) continue;
    out.lines.push_back(out.tokens.size());
    out.shown += front_end->symbols().text(read.ids) + "\n";
    for (const int64_t id : read.ids) out.tokens.push_back(front_end->symbols().symbol(id));
    out.ids.insert(out.ids.end(), read.ids.begin(), read.ids.end());
    out.normalized += (out.normalized.empty() ? "" : " ") + read.cleaned;
    out.unknown_words.insert(out.unknown_words.end(), read.unknown_words.begin(),
                             read.unknown_words.end());
  }
  if (out.ids.empty()) throw text::nothing_to_speak();
  return out;
}

}  // namespace vl::dub
