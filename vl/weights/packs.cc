#include "vl/weights/packs.h"

#include <algorithm>
#include <functional>

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/weights/document.h"

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

bool is_voice_name(const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), good);
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
  /// A list of texts; one text is a list of one.
  std::vector<std::string> lines(const std::string& key) {
    if (has(key) && object_.at(key).is_string()) return {get<std::string>(key, "")};
    return get<std::vector<std::string>>(key, {});
  }

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
    const bool bad_root = shipped && assets.empty();
    if (text.empty() || text.find('\0') != std::string::npos || relative.is_absolute() ||
        *relative.begin() == ".." || bad_root)
      throw Error(Code::kPathLeavesRoot, fmt::format("{} leaves the pack's folder", text),
                  Where{.file = pack_file.string()});
    const fs::path path = (shipped ? assets : folder) / relative;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored))
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
  out.figures = r.get<json>("figures", nullptr);
  r.finish();
  return out;
}

PackPrompt read_prompt_table(const Paths& paths, const std::string& where, const json& object) {
  Reader r(paths.pack_file, where, object);
  PackPrompt out;
  out.npz = r.has("npz");
  out.audio = paths.resolve(r.need<std::string>(out.npz ? "npz" : "audio"));
  out.sha256 = r.need<std::string>("sha256");
  if (!out.npz) {
    out.text = r.need<std::string>("text");
    out.lang = r.need<std::string>("lang");
  }
  r.finish();
  return out;
}

void check_name(const Reader& r, const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), good))
    r.bad(fmt::format("name \"{}\" is not made of a-z, 0-9, _ and -, 1 to 64 of them", name));
}

PackVoice read_voice_keys(const Paths& paths, Reader& r) {
  PackVoice out;
  out.name = r.need<std::string>("name");
  const std::string where = "[[voice]] " + out.name;
  out.title = r.get<std::string>("title", out.name);
  out.languages = r.get<std::vector<std::string>>("languages", {});
  out.licence = r.get<std::string>("licence", "");
  out.attribution = r.lines("attribution");
  out.pitch_hz = r.get<double>("pitch_hz", 0.0);
  out.tts_speaker = r.get<int64_t>("tts_speaker", 0);
  const auto source = [&](const char* key, std::optional<PackSource>& slot) {
    if (!r.has(key)) return;
    const json table = r.need<json>(key);
    Reader inner(paths.pack_file, where + "." + key, table);
    slot = read_source(paths, where + "." + key, inner);
    inner.finish();
  };
  source("rvc", out.rvc);
  source("rvc_index", out.rvc_index);
  if (r.has("prompt"))
    out.prompt = read_prompt_table(paths, where + ".prompt", r.need<json>("prompt"));
  return out;
}

PackVoice read_voice_table(const Paths& paths, const json& object) {
  Reader r(paths.pack_file, "[[voice]]", object);
  PackVoice out = read_voice_keys(paths, r);
  check_name(r, out.name);
  r.finish();
  return out;
}

PackLexicon read_lexicon_table(const Paths& paths, const json& object) {
  Reader r(paths.pack_file, "[[lexicon]]", object);
  PackLexicon out{r.need<std::string>("lang"), paths.resolve(r.need<std::string>("file"))};
  r.finish();
  return out;
}

/// Tables of an array; anything else is refused by the table's own reader.
template <class T, class Read>
void read_tables(const Paths& paths, Reader& r, const char* key, std::vector<T>& out, Read read) {
  const json tables = r.get<json>(key, json::array());
  if (!tables.is_array()) r.bad(fmt::format("key \"{}\" is no list of tables", key));
  for (const json& table : tables) out.push_back(read(paths, table));
}

void check_voices(const Pack& pack, const Reader& r) {
  for (const PackVoice& v : pack.voices)
    if (pack.voice(v.name) != &v) r.bad(fmt::format("voice \"{}\" stands twice", v.name));
  if (!pack.default_voice.empty() && pack.voice(pack.default_voice) == nullptr)
    r.bad(fmt::format("default_voice \"{}\" is no voice of the pack", pack.default_voice));
}

}  // namespace

Pack read_pack(const fs::path& folder, const fs::path& assets) {
  Paths paths{{}, folder, assets};
  const json root = read_document(folder, "pack", paths.pack_file);
  if (paths.pack_file.empty())
    throw Error(Code::kModelMissing,
                fmt::format("{} is no pack: it has no pack.toml", folder.string()),
                Where{.file = folder.string()},
                {"give --pack a folder with a pack.toml, or a built-in pack's name"});
  Reader r(paths.pack_file, "", root);
  if (r.need<int64_t>("format") != 1) r.bad("format is not 1");
  Pack out;
  out.folder = folder;
  out.name = r.need<std::string>("name");
  check_name(r, out.name);
  out.version = r.need<std::string>("version");
  out.title = r.need<std::string>("title");
  out.trained = r.need<bool>("trained");
  out.licence = r.need<std::string>("licence");
  out.attribution = r.lines("attribution");
  out.recipe = r.lines("recipe");
  out.data = r.lines("data");
  out.git = r.get<std::string>("git", "");
  out.created = r.get<std::string>("created", "");
  out.default_voice = r.get<std::string>("default_voice", "");
  read_tables(paths, r, "model", out.models, read_model_table);
  read_tables(paths, r, "voice", out.voices, read_voice_table);
  read_tables(paths, r, "lexicon", out.lexicons, read_lexicon_table);
  r.finish();
  check_voices(out, r);
  return out;
}

VoiceFile read_voice(const fs::path& folder) {
  Paths paths{{}, folder, {}};
  const json root = read_document(folder, "voice", paths.pack_file);
  if (paths.pack_file.empty())
    throw Error(Code::kUnknownVoice, fmt::format("{} holds no voice", folder.string()),
                Where{.file = folder.string()});
  Reader r(paths.pack_file, "", root);
  VoiceFile out;
  out.voice = read_voice_keys(paths, r);
  if (!is_voice_name(out.voice.name)) r.bad("\"" + out.voice.name + "\" is no name of a voice");
  out.voice.folder = folder;
  out.id = r.need<std::string>("id");
  out.created = r.get<std::string>("created", "");
  r.finish();
  return out;
}

namespace {

void verify_file(const fs::path& file, const std::string& sha256, int64_t bytes,
                 const std::string& what, const HashFile& hash) {
  const bool fits = (bytes < 0 || fs::file_size(file) == static_cast<uintmax_t>(bytes)) &&
                    (sha256.empty() || hash(file.string()) == sha256);
  if (!fits)
    throw Error(Code::kHashDiffers, fmt::format("hash of \"{}\" differs from its record", what),
                Where{.file = file.string()},
                {"copy the file again, or take the pack from its source"});
}

}  // namespace

void verify_source(const PackSource& source, const std::string& what, const HashFile& hash) {
  if (!source.file.empty()) verify_file(source.file, source.sha256, source.bytes, what, hash);
}

void verify_prompt(const PackPrompt& prompt, const std::string& what, const HashFile& hash) {
  verify_file(prompt.audio, prompt.sha256, -1, what, hash);
}

}  // namespace vl::weights
