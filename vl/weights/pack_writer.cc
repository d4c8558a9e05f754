#include "vl/core/error.h"
#include "vl/weights/document.h"
#include "vl/weights/packs.h"

namespace vl::weights {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// Turns absolute paths back into those of the file.
struct Folders {
  fs::path folder, assets;

  std::string relative(const fs::path& file) const {
    const fs::path inside = file.lexically_relative(folder);
    if (!inside.empty() && *inside.begin() != "..") return inside.generic_string();
    const fs::path shipped = assets.empty() ? fs::path() : file.lexically_relative(assets);
    if (!shipped.empty() && *shipped.begin() != "..") return "@assets/" + shipped.generic_string();
    throw Error(Code::kPathLeavesRoot, fmt::format("{} leaves the pack's folder", file.string()),
                Where{.file = folder.string()});
  }
};

void add_source(const Folders& at, const PackSource& source, Json& out) {
  if (!source.fill) {
    out["file"] = at.relative(source.file);
    out["sha256"] = source.sha256;
    if (source.bytes >= 0) out["bytes"] = source.bytes;
    return;
  }
  const PackFill& fill = *source.fill;
  Json table = {{"seed", fill.seed}, {"params", at.relative(fill.params)}};
  if (!fill.config_file.empty())
    table["config"] = at.relative(fill.config_file);
  else if (!fill.config.is_null())
    table["config"] = fill.config;
  if (fill.half) table["storage"] = "float16";
  out["fill"] = table;
}

void add_texts(const char* key, const std::vector<std::string>& texts, Json& out) {
  if (!texts.empty()) out[key] = texts;
}

void add_text(const char* key, const std::string& text, Json& out) {
  if (!text.empty()) out[key] = text;
}

Json model_json(const Folders& at, const PackModel& model) {
  Json out = {{"role", model.role}};
  add_text("arch", model.arch, out);
  add_source(at, model.source, out);
  add_texts("languages", model.languages, out);
  add_text("licence", model.licence, out);
  if (!model.figures.is_null()) out["figures"] = model.figures;
  return out;
}

Json voice_json(const Folders& at, const PackVoice& voice) {
  Json out = {{"name", voice.name}, {"title", voice.title}};
  add_texts("languages", voice.languages, out);
  add_text("licence", voice.licence, out);
  add_texts("attribution", voice.attribution, out);
  if (voice.rvc) add_source(at, *voice.rvc, out["rvc"]);
  if (voice.rvc_index) add_source(at, *voice.rvc_index, out["rvc_index"]);
  if (voice.pitch_hz != 0) out["pitch_hz"] = voice.pitch_hz;
  if (voice.prompt) {
    const PackPrompt& p = *voice.prompt;
    Json prompt = {{p.npz ? "npz" : "audio", at.relative(p.audio)}};
    if (!p.npz) prompt["text"] = p.text, prompt["lang"] = p.lang;
    add_text("sha256", p.sha256, prompt);
    out["prompt"] = prompt;
  }
  if (voice.tts_speaker != 0) out["tts_speaker"] = voice.tts_speaker;
  return out;
}

Json pack_json(const Folders& at, const Pack& pack) {
  Json out = {{"format", 1},
              {"name", pack.name},
              {"version", pack.version},
              {"title", pack.title},
              {"trained", pack.trained},
              {"licence", pack.licence},
              {"attribution", pack.attribution}};
  add_text("git", pack.git, out);
  add_text("created", pack.created, out);
  add_texts("recipe", pack.recipe, out);
  add_texts("data", pack.data, out);
  add_text("default_voice", pack.default_voice, out);
  for (const PackModel& m : pack.models) out["model"].push_back(model_json(at, m));
  for (const PackVoice& v : pack.voices) out["voice"].push_back(voice_json(at, v));
  for (const PackLexicon& l : pack.lexicons)
    out["lexicon"].push_back({{"lang", l.lang}, {"file", at.relative(l.file)}});
  return out;
}

}  // namespace

void write_pack(const Pack& pack, const fs::path& assets) {
  write_document(pack.folder, "pack", pack_json({pack.folder, assets}, pack));
}

void write_voice(const VoiceFile& voice, const fs::path& folder) {
  Json out = {{"id", voice.id}};
  add_text("created", voice.created, out);
  out.update(voice_json({folder, {}}, voice.voice));
  write_document(folder, "voice", out);
}

}  // namespace vl::weights
