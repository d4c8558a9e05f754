#include "vl/weights/packs.h"

#include <algorithm>
#include <functional>

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/core/toml.h"

namespace vl::weights {

namespace fs = std::filesystem;
using nlohmann::json;

const PackModel* Pack::model(const std::string& role) const {
  const auto it =
      std::find_if(models.begin(), models.end(), [&](auto& m) { return m.role == role; });
  return it == models.end() ? nullptr : &*it;
}

const PackVoice* Pack::voice(const std::string& name) const {
  const auto it =
      std::find_if(voices.begin(), voices.end(), [&](auto& v) { return v.name == name; });
  return it == voices.end() ? nullptr : &*it;
}

namespace {

/// Takes the known keys out of one table; what is left over is an error.
class Reader {
 public:
  Reader(const fs::path& pack, std::string table, const json& object)
      : pack_(pack), table_(std::move(table)), object_(object) {
    if (!object_.is_object()) bad("is no table");
  }

  template <class T>
  T get(const std::string& key, T otherwise) {
    known_.push_back(key);
    if (!object_.contains(key)) return otherwise;
    try {
      return object_.at(key).get<T>();
    } catch (const json::exception&) {
      bad("key \"" + key + "\" has the wrong type");
    }
  }
  template <class T>
  T need(const std::string& key) {
    if (!object_.contains(key)) bad("key \"" + key + "\" is missing");
    return get<T>(key, T{});
  }
  bool has(const std::string& key) const { return object_.contains(key); }

  /// @throws for keys that nobody asked for
  void finish() const {
    for (const auto& [key, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        const std::string near = nearest_name(key, known_);
        bad(fmt::format("unknown key \"{}\"{}", key,
                        near.empty() ? "" : "; did you mean \"" + near + "\"?"));
      }
  }

  [[noreturn]] void bad(const std::string& what) const {
    throw Error(Code::kConfig, fmt::format("{}{}", table_.empty() ? "" : table_ + ": ", what),
                Where{.file = pack_.string()});
  }

 private:
  fs::path pack_;
  std::string table_;
  const json& object_;
  std::vector<std::string> known_;
};

struct Paths {
  fs::path pack_file, folder, assets;

  fs::path resolve(const std::string& text) const {
    static const std::string kAssets = "@assets/";
    const bool shipped = text.rfind(kAssets, 0) == 0;
    const fs::path relative =
        fs::path(shipped ? text.substr(kAssets.size()) : text).lexically_normal();
    if (text.empty() || relative.is_absolute() || *relative.begin() == "..")
      throw Error(Code::kPathLeavesRoot, fmt::format("{} leaves the pack's folder", text),
                  Where{.file = pack_file.string()});
    const fs::path path = (shipped ? assets : folder) / relative;
    if (!fs::exists(path))
      throw Error(Code::kModelMissing, fmt::format("the pack lacks its file {}", text),
                  Where{.file = pack_file.string()}, {"copy the whole pack again"});
    return path;
  }
};

PackFill read_fill_table(const Paths& paths, const std::string& where, const json& object) {
  Reader r(paths.pack_file, where + ".fill", object);
  PackFill out;
  out.seed = r.need<uint64_t>("seed");
  out.params = paths.resolve(r.need<std::string>("params"));
  const json config = r.get<json>("config", nullptr);
  if (config.is_string()) {
    out.config_file = paths.resolve(config.get<std::string>());
    out.config = json::parse(read_file(out.config_file.string()), nullptr, false);
  } else {
    out.config = config;
  }
  const std::string storage = r.get<std::string>("storage", "float32");
  if (storage != "float32" && storage != "float16") r.bad("storage is float32 or float16");
  out.half = storage == "float16";
  r.finish();
  return out;
}

PackSource read_source(const Paths& paths, const std::string& where, Reader& r) {
  PackSource out;
  out.sha256 = r.get<std::string>("sha256", "");
  out.bytes = r.get<int64_t>("bytes", -1);
  if (r.has("file") == r.has("fill")) r.bad("exactly one of file and fill is wanted");
  if (r.has("file")) {
    out.file = paths.resolve(r.need<std::string>("file"));
    if (out.sha256.empty()) r.bad("key \"sha256\" is missing");
  } else {
    out.fill = read_fill_table(paths, where, r.need<json>("fill"));
  }
  return out;
}

PackModel read_model_table(const Paths& paths, const json& object) {
  Reader r(paths.pack_file, "[[model]]", object);
  PackModel out;
  out.role = r.need<std::string>("role");
  out.arch = r.get<std::string>("arch", "");
  out.source = read_source(paths, "[[model]] " + out.role, r);
  out.languages = r.get<std::vector<std::string>>("languages", {});
  out.licence = r.get<std::string>("licence", "");
  r.get<json>("figures", nullptr);
  r.finish();
  return out;
}

PackVoice read_voice_table(const Paths& paths, const json& object) {
  Reader r(paths.pack_file, "[[voice]]", object);
  PackVoice out;
  out.name = r.need<std::string>("name");
  out.title = r.get<std::string>("title", out.name);
  out.languages = r.get<std::vector<std::string>>("languages", {});
  out.licence = r.get<std::string>("licence", "");
  r.get<json>("attribution", nullptr);
  out.pitch_hz = r.get<double>("pitch_hz", 0.0);
  out.tts_speaker = r.get<int64_t>("tts_speaker", 0);
  if (r.has("rvc")) {
    const json table = r.need<json>("rvc");
    Reader inner(paths.pack_file, "[[voice]] " + out.name + ".rvc", table);
    out.rvc = read_source(paths, "[[voice]] " + out.name + ".rvc", inner);
    inner.finish();
  }
  if (r.has("prompt")) {
    const json table = r.need<json>("prompt");
    Reader inner(paths.pack_file, "[[voice]] " + out.name + ".prompt", table);
    PackPrompt prompt;
    prompt.npz = inner.has("npz");
    prompt.audio = paths.resolve(inner.need<std::string>(prompt.npz ? "npz" : "audio"));
    prompt.sha256 = inner.get<std::string>("sha256", "");
    if (!prompt.npz) {
      prompt.text = inner.need<std::string>("text");
      prompt.lang = inner.need<std::string>("lang");
    }
    inner.finish();
    out.prompt = prompt;
  }
  r.finish();
  return out;
}

}  // namespace

Pack read_pack(const fs::path& folder, const fs::path& assets) {
  Paths paths{folder / "pack.toml", folder, assets};
  const bool toml = fs::exists(paths.pack_file);
  if (!toml) paths.pack_file = folder / "pack.json";
  if (!fs::exists(paths.pack_file))
    throw Error(Code::kModelMissing,
                fmt::format("{} is no pack: it has no pack.toml", folder.string()),
                Where{.file = folder.string()},
                {"give --pack a folder with a pack.toml, or a built-in pack's name"});
  const std::string text = read_file(paths.pack_file.string());
  const json root =
      toml ? parse_toml(text, paths.pack_file.string(), static_cast<int>(Code::kConfig), nullptr)
           : json::parse(text, nullptr, false);
  Reader r(paths.pack_file, "", root);
  if (r.need<int64_t>("format") != 1) r.bad("format is not 1");
  Pack out{.folder = folder};
  out.name = r.need<std::string>("name");
  out.version = r.need<std::string>("version");
  out.title = r.need<std::string>("title");
  out.trained = r.need<bool>("trained");
  out.licence = r.need<std::string>("licence");
  for (const char* key : {"attribution", "recipe", "data"})
    r.get<std::vector<std::string>>(key, {});
  for (const char* key : {"git", "created"}) r.get<std::string>(key, "");
  out.default_voice = r.get<std::string>("default_voice", "");
  for (const json& m : r.get<json>("model", json::array()))
    out.models.push_back(read_model_table(paths, m));
  for (const json& v : r.get<json>("voice", json::array()))
    out.voices.push_back(read_voice_table(paths, v));
  for (const json& l : r.get<json>("lexicon", json::array())) {
    Reader inner(paths.pack_file, "[[lexicon]]", l);
    inner.need<std::string>("lang");
    paths.resolve(inner.need<std::string>("file"));
    inner.finish();
  }
  r.finish();
  return out;
}

void verify_source(const PackSource& source, const std::string& what) {
  if (source.file.empty()) return;
  const auto differs = [&] {
    throw Error(Code::kHashDiffers, fmt::format("hash of \"{}\" differs from its record", what),
                Where{.file = source.file.string()},
                {"copy the file again, or take the pack from its source"});
  };
  if (source.bytes >= 0 && fs::file_size(source.file) != static_cast<uintmax_t>(source.bytes))
    differs();
  if (!source.sha256.empty() && sha256_file(source.file.string()) != source.sha256) differs();
}

}  // namespace vl::weights
