#include "vl/dub/record.h"

#include <chrono>
#include <random>

namespace vl::dub {

using Json = nlohmann::ordered_json;

namespace {

template <class T>
Json nullable(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}

Json timing_json(const Timing& t) {
  return {{"queue", 0.0},
          {"load", nullable(t.load)},
          {"decode", nullable(t.decode)},
          {"rvc", nullable(t.rvc)},
          {"prompt", nullable(t.prompt)},
          {"vallex", nullable(t.vallex)},
          {"fastpitch", nullable(t.fastpitch)},
          {"vocoder", nullable(t.vocoder)},
          {"fit", nullable(t.fit)},
          {"face", nullable(t.face)},
          {"lips", nullable(t.lips)},
          {"mix", nullable(t.mix)},
          {"mark", nullptr},
          {"encode", nullable(t.encode)},
          {"compute", t.compute},
          {"total", t.total}};
}

Json faces_json(const FaceCounts& f) {
  return {{"frames", f.frames},
          {"with_face", f.with_face},
          {"redrawn", f.redrawn},
          {"passed_through", f.passed_through},
          {"tracks", f.tracks},
          {"cuts", f.cuts},
          {"detector_calls", f.detector_calls}};
}

Json quality_json(const FaceCounts& faces) {
  Json q = {{"lse_d", nullptr},          {"lse_c", nullptr}, {"av_offset_ms", nullptr},
            {"speaker_cosine", nullptr}, {"wer", nullptr},   {"cer", nullptr},
            {"f0_rmse_st", nullptr}};
  q["face_coverage"] =
      faces.frames > 0
          ? Json(static_cast<double>(faces.with_face) / static_cast<double>(faces.frames))
          : Json(nullptr);
  q["missing"] = {"lse", "speaker", "asr"};
  return q;
}

}  // namespace

Json to_json(const FitRecord& f) {
  return {{"line", f.line},
          {"onset_s", f.onset_s},
          {"slot_s", f.slot_s},
          {"natural_s", nullable(f.natural_s)},
          {"predicted_s", nullable(f.predicted_s)},
          {"engine", f.engine},
          {"takes", f.takes},
          {"align", f.align},
          {"rate", f.rate},
          {"stretch", f.stretch},
          {"shift_s", f.shift_s},
          {"final_s", nullable(f.final_s)},
          {"overflow_s", f.overflow_s},
          {"status", f.status}};
}

Json to_json(const ConsentRecord& c) {
  const auto text = [](const std::string& t) { return t.empty() ? Json(nullptr) : Json(t); };
  return {{"voice", text(c.voice)},
          {"face", text(c.face)},
          {"kind", c.kind},
          {"statement", text(c.statement)}};
}

Json to_json(const MediaRecord& m) {
  Json out = {{"path", m.path.empty() ? Json(nullptr) : Json(m.path)},
              {"sha256", m.sha256.empty() ? Json(nullptr) : Json(m.sha256)},
              {"bytes", m.bytes},
              {"container", m.container},
              {"seconds", m.seconds},
              {"video", nullptr},
              {"audio", nullptr},
              {"other_streams", m.other_streams}};
  if (m.video) {
    const VideoRecord& v = *m.video;
    out["video"] = {{"codec", v.codec},
                    {"width", v.width},
                    {"height", v.height},
                    {"fps", v.fps},
                    {"vfr", v.vfr},
                    {"frames", v.frames},
                    {"pix_fmt", v.pix_fmt},
                    {"rotation", v.rotation},
                    {"sar", v.sar},
                    {"range", v.range},
                    {"primaries", v.primaries},
                    {"transfer", v.transfer},
                    {"matrix", v.matrix}};
  }
  if (m.audio)
    out["audio"] = {{"codec", m.audio->codec},
                    {"sample_rate", m.audio->sample_rate},
                    {"channels", m.audio->channels},
                    {"layout", m.audio->layout}};
  return out;
}

namespace {

Json job_json(const JobRecord& r) {
  Json waterfall = Json::array(), models = Json::array();
  for (const StageSpan& s : r.waterfall) waterfall.push_back(span_json(s));
  for (const ModelRecord& m : r.models)
    models.push_back({{"role", m.role}, {"name", m.name}, {"sha256", m.sha256}});
  Json out = {{"job", r.job}, {"device", r.device}, {"precision", r.precision}, {"seed", r.seed}};
  out["timing_ms"] = timing_json(r.timing);
  out["waterfall"] = waterfall;
  out["rtf"] = r.output.seconds > 0 ? r.timing.compute / 1000.0 / r.output.seconds : 0.0;
  out["marks"] = {{"label", false},   {"metadata", false},  {"watermark", false}, {"c2pa", false},
                  {"audible", false}, {"payload", nullptr}, {"verified", nullptr}};
  out["consent"] = to_json(r.consent);
  out["models"] = models;
  out["cache"] = {
      {"hits", r.cache.hits}, {"misses", r.cache.misses}, {"bytes_written", r.cache.bytes_written}};
  return out;
}

}  // namespace

namespace {

/// Without a deadline.
Json no_deadline() {
  return {{"ms", nullptr},           {"scope", "compute"}, {"met", nullptr},
          {"predicted_ms", nullptr}, {"level", 0},         {"steps", Json::array()}};
}

}  // namespace

Json to_json(const DubRecord& r) {
  Json out = job_json(r), fit = Json::array();
  for (const FitRecord& f : r.fit) fit.push_back(to_json(f));
  out["chain"] = r.chain;
  out["preset"] = r.preset;
  out["input"] = to_json(r.input);
  out["output"] = to_json(r.output);
  out["source_lang"] = nullable(r.source_lang);
  out["target_lang"] = r.target_lang;
  out["voice"] = r.voice;
  out["deadline"] = no_deadline();
  out["prompt"] = r.prompt ? Json{{"from", r.prompt->from},
                                  {"start_s", r.prompt->start_s},
                                  {"end_s", r.prompt->end_s},
                                  {"lang", r.prompt->lang}}
                           : Json(nullptr);
  out["fit"] = fit;
  out["faces"] = faces_json(r.faces);
  out["loudness"] = {{"mode", "off"},
                     {"lufs_in", nullptr},
                     {"lufs_out", nullptr},
                     {"gain_db", nullptr},
                     {"true_peak_dbtp", nullptr}};
  out["quality"] = quality_json(r.faces);
  out["first_audio_ms"] = nullable(r.first_audio_ms);
  out["first_frame_ms"] = nullable(r.first_frame_ms);
  out["job_dir"] = r.job_dir;
  return out;
}

Json to_json(const ConvertRecord& r) {
  Json out = job_json(r);
  out["input"] = to_json(r.input);
  out["output"] = to_json(r.output);
  out["voice"] = r.voice;
  out["quality"] = quality_json({});
  out["f0"] = nullptr;
  if (r.f0)
    out["f0"] = {{"method", r.f0->method},
                 {"voiced_ratio", r.f0->voiced_ratio},
                 {"median_hz_in", nullable(r.f0->median_hz_in)},
                 {"median_hz_out", nullable(r.f0->median_hz_out)}};
  return out;
}

Json to_json(const CloneRecord& r) {
  Json out = job_json(r);
  out["output"] = to_json(r.output);
  out["voice"] = r.voice;
  out["lang"] = r.lang;
  out["prompt_seconds"] = r.prompt_seconds;
  out["takes"] = r.takes;
  out["take_used"] = r.take_used;
  out["ar_tokens"] = r.ar_tokens;
  out["stopped_by"] = r.stopped_by;
  out["first_audio_ms"] = nullable(r.first_audio_ms);
  out["quality"] = quality_json({});
  return out;
}

Json to_json(const SpeakRecord& r) {
  Json out = job_json(r);
  out["id"] = nullable(r.id);
  out["output"] = to_json(r.output);
  out["voice"] = r.voice;
  out["lang"] = r.lang;
  out["text_chars"] = r.text_chars;
  out["tokens"] = r.tokens;
  out["unknown_words"] = r.unknown_words;
  out["first_audio_ms"] = nullable(r.first_audio_ms);
  return out;
}

Json to_json(const LipsyncRecord& r) {
  Json out = job_json(r);
  out["input"] = to_json(r.input);
  out["audio_input"] = to_json(r.audio_input);
  out["output"] = to_json(r.output);
  out["fps_lips"] = r.fps_lips;
  out["deadline"] = no_deadline();
  out["faces"] = faces_json(r.faces);
  out["quality"] = quality_json(r.faces);
  return out;
}

std::string new_job_id(const std::string& verb) {
  static const char* kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  uint64_t ms =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  std::string id(26, '0');
  for (int i = 9; i >= 0; --i, ms >>= 5) id[static_cast<size_t>(i)] = kDigits[ms & 31];
  std::random_device random;
  for (size_t i = 10; i < id.size(); ++i) id[i] = kDigits[random() & 31];
  return verb + "_" + id;
}

}  // namespace vl::dub
