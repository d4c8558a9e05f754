#include "vl/dub/fullsize_pack.h"

namespace vl::dub {

weights::PackFill fullsize_fill(nlohmann::json config) {
  return {.seed = 1, .params = {}, .config = std::move(config), .config_file = {}};
}

weights::Pack fullsize_pack(const std::filesystem::path& assets) {
  weights::Pack out;
  out.name = kFullsize;
  out.version = "1.0.0";
  out.title = "Public sizes with deterministic weights: for measurements, the output is noise";
  out.licence = "Apache-2.0";
  out.attribution = {"YuNet weights: Shiqi Yu, Apache-2.0"};
  out.default_voice = kFullsize;
  const struct {
    const char* role;
    const char* arch;
  } filled[] = {{"content", "hubert"},  {"f0", "rmvpe"},        {"vallex", "vallex"},
                {"codec", "encodec"},   {"vocos", "vocos"},     {"fastpitch", "fastpitch"},
                {"hifigan", "hifigan"}, {"wav2lip", "wav2lip"}, {"syncnet", "syncnet"},
                {"lse", "lse"}};
  for (const auto& m : filled) {
    weights::PackModel model;
    model.role = m.role;
    model.arch = m.arch;
    model.source.fill = fullsize_fill();
    out.models.push_back(model);
  }
  weights::PackModel face;
  face.role = "face";
  face.arch = "yunet";
  face.source.file = assets / "face" / "yunet" / "yunet.safetensors";
  face.source.sha256 = "e6b3627d8d1e48a48b0053bf236e71a8b7ee42682fa274a1e90a94fb695a7337";
  face.source.bytes = 330864;
  face.licence = "Apache-2.0";
  out.models.push_back(face);
  weights::PackVoice voice;
  voice.name = kFullsize;
  voice.title = out.title;
  voice.rvc = weights::PackSource{};
  voice.rvc->fill = fullsize_fill();
  out.voices.push_back(voice);
  return out;
}

}  // namespace vl::dub
