#include "vl/dub/rvc_voice.h"

#include "vl/core/error.h"

namespace vl::dub {

namespace fs = std::filesystem;

stages::RvcModels load_rvc(const stages::RvcOptions& o, const weights::PackVoice* voice,
                           ModelSet& models) {
  stages::RvcModels out;
  out.voice = voice != nullptr && voice->rvc
                  ? models.get_source<models::rvc::Rvc>("rvc", *voice->rvc, voice->name)
                  : models.get<models::rvc::Rvc>("rvc");
  if (o.speaker >= out.voice->config().speakers)
    fail(Code::kBadValue, "speaker {} does not exist; the voice model has 0..{}", o.speaker,
         out.voice->config().speakers - 1);
  out.content = models.get<models::hubert::Hubert>("content");
  if (out.voice->config().f0 && stages::wants_rmvpe(o, models.has("f0")))
    out.f0 = models.get<models::rmvpe::Rmvpe>("f0");
  if (o.index_rate == 0.0) return out;
  if (!o.rvc_index.empty())
    out.index = models.get<models::rvc::FeatureIndex>("rvc-index");
  else if (voice != nullptr && voice->rvc_index && o.rvc_model.empty())
    out.index = models.get_source<models::rvc::FeatureIndex>("rvc-index", *voice->rvc_index,
                                                             voice->name + ":index");
  return out;
}

double pitch_target(const stages::RvcOptions& o, const weights::PackVoice* voice) {
  if (o.semitones()) return 0.0;
  if (voice == nullptr || !o.rvc_model.empty() || voice->pitch_hz <= 0.0)
    throw Error(Code::kBadValue, "--pitch auto needs a voice whose median pitch is known", {},
                {"give the shift in semitones, for instance --pitch 12"});
  return voice->pitch_hz;
}

std::string added_index(const std::string& path) {
  static const std::string kTrained = "trained";
  const std::string name = fs::path(path).filename().string();
  const size_t at = name.find(kTrained);
  if (at == std::string::npos) return path;
  const fs::path other =
      fs::path(path).parent_path() / std::string(name).replace(at, kTrained.size(), "added");
  return fs::exists(other) ? other.string() : path;
}

}  // namespace vl::dub
