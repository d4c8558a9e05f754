#include "vl/dub/dub_plan.h"

#include <algorithm>
#include <filesystem>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/fastpitch_front_end.h"
#include "vl/dub/lip_settings.h"
#include "vl/dub/rvc_voice.h"
#include "vl/dub/spoken_text.h"
#include "vl/media/assemble.h"
#include "vl/text/fastpitch_line.h"
#include "vl/text/sentences.h"

namespace vl::dub {

namespace {

void choose_prompt(const DubConfig& c, const weights::PackVoice* voice, const ModelSet& models,
                   const text::FrontEnds& front_ends, WarningList& warnings, DubPlan& plan) {
  const std::string& from = c.dub.prompt_from;
  const bool source_voice = c.dub.voice == kSourceVoice;
  const bool has_rvc = source_voice || !c.rvc.rvc_model.empty() || (voice != nullptr && voice->rvc);
  if (!c.dub.transcript.empty())
    plan.source_lang =
        c.dub.source_lang == "auto" ? text::language_of(c.dub.transcript) : c.dub.source_lang;
  if (plan.source_lang && *plan.source_lang != text::language_of(c.dub.transcript))
    warnings.add({"W0110", fmt::format("the transcript is not in the source language {}",
                                       *plan.source_lang)});
  const auto offered = models.languages("vallex");
  const bool words_known = plan.source_lang && std::find(offered.begin(), offered.end(),
                                                         *plan.source_lang) != offered.end();
  plan.prompt_from_source =
      from == "source" ||
      (from == "auto" && c.clone.prompt_audio.empty() && words_known && has_rvc) || source_voice;
  if (plan.prompt_from_source) {
    if (c.dub.transcript.empty())
      throw Error(
          Code::kTranscriptNeeded,
          "VALL-E X needs the words of its prompt: give --transcript or a voice with a prompt");
    plan.prompt_lang = offered_language(c.dub.source_lang, c.dub.transcript, offered);
    plan.prompt_words = text::vallex_tokens(text::as_one_line(c.dub.transcript, plan.prompt_lang),
                                            plan.prompt_lang, front_ends);
    plan.convert = has_rvc && !source_voice;
    return;
  }
  plan.stored_prompt = find_prompt(c.clone, voice, offered, front_ends);
  plan.prompt_lang = plan.stored_prompt.lang;
}

void load_models(const DubConfig& c, const weights::PackVoice* voice, ModelSet& models,
                 const JobEnvironment& env, DubPlan& plan) {
  if (plan.convert) {
    plan.rvc = load_rvc(c.rvc, voice, models);
    plan.rvc_settings = stages::to_settings(c.rvc, plan.rvc.f0 != nullptr, env.seed);
    plan.pitch_target = pitch_target(c.rvc, voice);
  }
  plan.vallex = models.get<models::vallex::Vallex>("vallex");
  plan.codec = models.get<models::encodec::Encodec>("codec");
  plan.codec_sha256 = models.digest("codec");
  if (models.has("vocos")) plan.vocos = models.get<models::vocos::Vocos>("vocos");
  plan.fastpitch = models.get<models::fastpitch::FastPitch>("fastpitch");
  if (c.dub.lips) plan.lip_models = load_lip_models(c.lips, models);
}

LipJob lip_job(const DubConfig& c, const DubPlan& plan, const ModelSet& models,
               const DubRecord& record) {
  return {.input = c.dub.input,
          .out = c.dub.out,
          .info = plan.info,
          .input_sha256 = sha256_file(c.dub.input),
          .lips = c.lips,
          .encode = c.encode,
          .note = record.precision + (models.reference() ? " ref" : ""),
          .job_dir = record.job_dir};
}

/// The line for FastPitch, which reads no IPA.
std::vector<int64_t> plan_symbols(const DubConfig& c, const ModelSet& models,
                                  const weights::PackVoice* voice,
                                  const text::FrontEnds& front_ends, const JobEnvironment& env,
                                  const DubPlan& plan) {
  const std::vector<std::string> offered = models.languages("fastpitch");
  if (std::find(offered.begin(), offered.end(), plan.target_lang) == offered.end()) return {};
  const text::UserLexicon all =
      pronunciations(c.text, models.pack(), voice == nullptr ? kSourceVoice : voice->name);
  text::UserLexicon readings;
  for (const text::LexiconEntry& e : all.entries())
    if (!e.is_ipa) readings.add(e);
  const auto& model = plan.fastpitch->config();
  const auto front_end = fastpitch_front_end(model, model.p_arpabet, env.assets_dir, readings,
                                             front_ends.shared_dictionary());
  const text::MarkedLine line{.spans = {{text::as_one_line(c.dub.text, plan.target_lang), {}, 0}}};
  return text::fastpitch_line(line, *front_end, static_cast<uint32_t>(env.seed)).ids;
}

/// A registered voice and one of a pack bring their own record; an ad-hoc voice is its files, and
/// the speaker of the source is the input.
ConsentRecord consent_of(const DubConfig& c, const weights::PackVoice* voice,
                         WarningList& warnings) {
  const bool adhoc = voice == nullptr || !c.rvc.rvc_model.empty() || !c.clone.prompt_audio.empty();
  std::vector<std::string> hashes;
  if (adhoc && c.consent.given()) {
    std::vector<std::string> files = c.clone.prompt_audio;
    files.push_back(c.rvc.rvc_model);
    for (const std::string& file : files)
      if (!file.empty() && std::filesystem::exists(file)) hashes.push_back(sha256_file(file));
    if (hashes.empty()) hashes.push_back(sha256_file(c.dub.input));
  }
  ConsentRecord out = job_consent(c.consent, adhoc ? nullptr : voice, hashes);
  if (out.kind == "none")
    warnings.add({"W0119", "an ad-hoc voice is used without a consent record"});
  return out;
}

}  // namespace

DubPlan plan_dub(const DubConfig& c, ModelSet& models, const JobEnvironment& env,
                 WarningList& warnings, DubRecord& record) {
  c.validate();
  DubPlan plan;
  plan.info = media::probe(c.dub.input);
  media::require_video_and_audio(plan.info);
  const media::VideoInfo& v = *plan.info.video;
  const double length = v.frames > 0 && v.fps.value() > 0 && !v.vfr
                            ? static_cast<double>(v.frames) / v.fps.value()
                            : plan.info.seconds;
  plan.video_end_s = v.start_s + length;
  media::check_container(c.dub.out);
  check_output(c.dub.out, env.overwrite);
  const weights::PackVoice* voice =
      c.dub.voice == kSourceVoice ? nullptr : &models.voice(c.dub.voice);
  const text::FrontEnds front_ends(
      env.assets_dir,
      pronunciations(c.text, models.pack(), voice == nullptr ? kSourceVoice : voice->name));
  plan.target_lang = offered_language(c.dub.lang, c.dub.text, models.languages("vallex"));
  plan.line = text::vallex_tokens(text::as_one_line(c.dub.text, plan.target_lang), plan.target_lang,
                                  front_ends);
  choose_prompt(c, voice, models, front_ends, warnings, plan);
  load_models(c, voice, models, env, plan);
  plan.lips = lip_job(c, plan, models, record);
  plan.plan_ids = plan_symbols(c, models, voice, front_ends, env, plan);
  plan.vallex_untrained = models.untrained().count("vallex") != 0;
  plan.fastpitch_untrained = models.untrained().count("fastpitch") != 0;
  models.warn_untrained(warnings);
  record.consent = consent_of(c, voice, warnings);
  if (v.vfr) warnings.add({"W0105", "the frame rate varies; every picture keeps its time"});
  record.voice = voice != nullptr ? voice->name : kSourceVoice;
  record.target_lang = plan.target_lang;
  record.source_lang = plan.source_lang;
  record.models = models.used();
  return plan;
}

}  // namespace vl::dub
