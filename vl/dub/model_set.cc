#include "vl/dub/model_set.h"

#include <algorithm>

#include "vl/core/allocator.h"
#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/core/sha256.h"
#include "vl/dub/consent.h"
#include "vl/dub/fullsize_pack.h"
#include "vl/models/default_fill.h"

namespace vl::dub {

namespace fs = std::filesystem;

namespace {

constexpr int kFillRule = 1;
constexpr const char* kBuiltIn = "untrained";

/// Offered by the public checkpoints.
const std::vector<std::string> kPublicLanguages = {"en", "zh", "ja"};

/// Roles whose weights were made for each other.
const std::vector<std::vector<std::string>> kFamilies = {{"rvc", "content"},
                                                         {"vallex", "codec", "vocos"}};

nlohmann::json fill_key(const std::string& role, const weights::PackFill& fill) {
  const bool by_rule = fill.params.empty();  // then the shapes are those of the configuration
  return {{"role", role},
          {"config", by_rule ? models::full_config(role, "", fill.config) : fill.config},
          {"seed", fill.seed},
          {"params", by_rule ? "" : sha256_file(fill.params.string())},
          {"half", fill.half},
          {"rule", kFillRule}};
}

models::ModelFile make_fill(const std::string& role, const weights::PackFill& fill) {
  if (fill.params.empty())
    return models::default_fill(role, /*arch=*/"", fill.config, fill.seed, fill.half);
  weights::Checkpoint checkpoint = weights::read_fill(fill.params.string(), fill.seed, fill.half);
  if (!fill.config.is_null()) checkpoint.config = fill.config;
  return models::read_model(role, checkpoint);
}

weights::Pack open_pack(const ModelPlaces& p) {
  if (const auto folder = find_pack(p)) return weights::read_pack(*folder, p.assets_dir);
  if (p.pack == kFullsize) return fullsize_pack(p.assets_dir);
  throw Error(
      Code::kModelMissing, fmt::format("pack \"{}\" is missing", p.pack), {},
      {"give --pack a folder, or the name of a pack in " + (p.models_dir / "packs").string()});
}

/// Keeps the digest of a file of the cache.
fs::path seal_of(const fs::path& path) { return path.string() + ".sha256"; }

}  // namespace

std::optional<fs::path> find_pack(const ModelPlaces& p) {
  const std::string name = p.pack.empty() ? kBuiltIn : p.pack;
  for (const fs::path& base : {p.models_dir / "packs", p.packs_dir})
    if (name.find('/') == std::string::npos && fs::is_directory(base / name)) return base / name;
  return fs::is_directory(name) ? std::optional<fs::path>(name) : std::nullopt;
}

ModelSet::ModelSet(ModelPlaces places)
    : places_(std::move(places)),
      store_(places_.models_dir),
      digests_(places_.cache_dir),
      voices_(places_.voices_dir),
      pack_(open_pack(places_)) {}

const weights::PackVoice& ModelSet::voice(const std::string& name) const {
  if (const weights::PackVoice* v = registered(name)) return *v;
  const bool prefixed = name.rfind(kPackPrefix, 0) == 0;
  const std::string bare = prefixed ? name.substr(kPackPrefix.size()) : name;
  const std::string wanted = name.empty() ? pack_.default_voice : bare;
  if (wanted.empty())
    fail(Code::kUnknownVoice, "pack \"{}\" has no default voice: give --voice", pack_.name);
  if (const weights::PackVoice* v = pack_.voice(wanted)) return *v;
  std::vector<std::string> names = prefixed ? std::vector<std::string>() : voices_.names();
  for (const auto& v : pack_.voices)
    if (std::find(names.begin(), names.end(), v.name) == names.end()) names.push_back(v.name);
  const std::string near = nearest_name(wanted, names);
  throw Error(Code::kUnknownVoice,
              fmt::format("no voice \"{}\"{}", wanted,
                          near.empty() ? "" : "; did you mean \"" + near + "\"?"),
              {}, {fmt::format("voices there are: {}", fmt::join(names, " "))});
}

const weights::PackVoice* ModelSet::registered(const std::string& name) const {
  if (!voices_.exists(name)) return nullptr;
  const std::lock_guard lock(mutex_);
  auto& slot = registered_[name];
  if (!slot) slot = std::make_unique<const weights::PackVoice>(voices_.read(name).voice);
  check_voice_consent(*slot);
  return slot.get();
}

bool ModelSet::of_user(const weights::PackSource& source) const {
  if (places_.voices_dir.empty() || source.file.empty()) return false;
  const fs::path one = voices_.path_of("x").lexically_normal();
  return source.file.lexically_normal().parent_path().parent_path() == one.parent_path();
}

std::string ModelSet::digest(const std::string& role) const {
  const std::lock_guard lock(mutex_);
  for (const ModelRecord& m : used_)
    if (m.role == role) return m.sha256;
  return "";
}

void ModelSet::warn_untrained(WarningList& warnings) const {
  if (!untrained_.empty())
    warnings.add(
        {"W0117",
         fmt::format("the pack \"{}\" is untrained: the output is noise by design", pack_.name)});
}

std::vector<std::string> ModelSet::languages(const std::string& role) const {
  const weights::PackModel* m = pack_.model(role);
  if (m != nullptr && of_pack(role) && !m->languages.empty()) return m->languages;
  return role == "fastpitch" ? std::vector<std::string>{"en"} : kPublicLanguages;
}

std::vector<ModelRecord> ModelSet::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

fs::path ModelSet::fill_path(const std::string& role, const weights::PackFill& fill) const {
  return places_.cache_dir / "packs" / (sha256_hex(fill_key(role, fill).dump()) + ".safetensors");
}

/// Whether a file of the cache is what was written there.
bool ModelSet::intact(const fs::path& path) const {
  if (!fs::exists(path) || !fs::exists(seal_of(path))) return false;
  return read_file(seal_of(path).string()) == digests_.of(path);
}

/// The weights file of a fill, made at first use and again where it is damaged.
fs::path ModelSet::filled_file(const std::string& role, const weights::PackFill& fill) {
  const fs::path path = fill_path(role, fill);
  if (intact(path)) return path;
  fs::create_directories(path.parent_path());
  const FolderLock lock(path.parent_path().string());
  if (intact(path)) return path;  // another process made it meanwhile
  log::debug("{} is made", path.string());
  models::write_model(path.string(), make_fill(role, fill), role, {{"fill", fill_key(role, fill)}},
                      pack_.licence);
  write_file_atomic(seal_of(path).string(), digests_.of(path));
  return path;
}

std::shared_ptr<torch::nn::Module> ModelSet::load_file(const std::string& role,
                                                       const std::string& path,
                                                       const std::string& name) {
  const models::ModelFile file = models::read_model(role, weights::read_checkpoint(path));
  auto module = models::build(file, path);
  if (places_.reference)
    models::use_reference_path(*module);
  else
    models::set_precision(*module, places_.precision);
  release_freed_memory();  // of a network's parameters before the file's took their place
  used_.push_back({role, name, digests_.of(path)});
  return module;
}

std::shared_ptr<torch::nn::Module> ModelSet::load_source(const std::string& role,
                                                         const weights::PackSource& source,
                                                         const std::string& name) {
  const bool shipped = source.file.string().rfind(places_.assets_dir.string(), 0) == 0;
  if (of_user(source))
    user_roles_.insert(role);
  else if (!pack_.trained && !shipped)
    untrained_.insert(role);  // what ships in assets/ is trained
  if (source.fill) return load_file(role, filled_file(role, *source.fill).string(), name);
  weights::verify_source(source, name, [&](auto& file) { return digests_.of(file); });
  return load_file(role, source.file.string(), name);
}

std::vector<FileCheck> ModelSet::verify_pack() {
  std::vector<FileCheck> out;
  const auto verify = [&](const std::string& role, const weights::PackSource& source,
                          const std::string& name) {
    const fs::path file = source.fill ? filled_file(role, *source.fill) : source.file;
    const std::string actual = digests_.of(file);
    out.push_back({name, source.fill ? actual : source.sha256, actual});
    if (out.back().expected == actual)
      models::build(models::read_model(role, weights::read_checkpoint(file.string())), name);
  };
  for (const weights::PackModel& m : pack_.models)
    verify(m.role, m.source, pack_.name + ":" + m.role);
  for (const weights::PackVoice& v : pack_.voices) {
    if (v.rvc) verify("rvc", *v.rvc, v.name + ":rvc");
    if (v.prompt)
      out.push_back({v.name + ":prompt", v.prompt->sha256, digests_.of(v.prompt->audio)});
  }
  return out;
}

std::string ModelSet::foreign_partner(const std::string& role) const {
  for (const auto& family : kFamilies) {
    if (std::find(family.begin(), family.end(), role) == family.end()) continue;
    for (const std::string& other : family) {
      if (other == role) continue;
      if (places_.chosen.count(other) != 0 || user_roles_.count(other) != 0) return other;
      // An imported RVC model belongs to a voice and fills nothing by itself.
      if (places_.pack.empty() && other != "rvc" && store_.newest(other)) return other;
    }
  }
  return "";
}

ModelSet::Choice ModelSet::choose(const std::string& role, const weights::PackSource* voice) const {
  if (const auto it = places_.chosen.find(role); it != places_.chosen.end()) {
    const bool stored = store_.exists(it->second);
    if (!stored && !fs::exists(it->second))
      return {
          .name = {},
          .file = {},
          .reason = fmt::format(": \"{}\" is neither a file nor an imported model", it->second)};
    return {.from = From::kFlag,
            .name = stored ? it->second : fs::path(it->second).stem().string(),
            .file = stored ? store_.path_of(it->second).string() : it->second,
            .sha256 = stored ? store_.recorded_digest(it->second) : ""};
  }
  if (voice == nullptr && places_.pack.empty() && role != "rvc" && role != "rvc-index")
    if (const auto stored = store_.newest(role))
      return {.from = From::kImported,
              .name = stored->name,
              .file = stored->path.string(),
              .sha256 = store_.recorded_digest(stored->name)};
  if (voice != nullptr && of_user(*voice))
    return {.from = From::kVoice, .name = role, .file = {}, .source = voice};
  const weights::PackModel* in_pack = pack_.model(role);
  const bool built_in = pack_.folder.empty() || pack_.folder.parent_path() == places_.packs_dir;
  if ((voice != nullptr || in_pack != nullptr) && built_in)
    if (const std::string other = foreign_partner(role); !other.empty())
      return {.name = {},
              .file = {},
              .reason = fmt::format(" for the \"{}\" that was given: the two were made for each "
                                    "other, and that of pack \"{}\" does not fit",
                                    other, pack_.name)};
  if (voice != nullptr) return {.from = From::kVoice, .name = role, .file = {}, .source = voice};
  if (in_pack == nullptr) return {};
  return {
      .from = From::kPack, .name = pack_.name + ":" + role, .file = {}, .source = &in_pack->source};
}

std::shared_ptr<torch::nn::Module> ModelSet::load(const std::string& role,
                                                  const weights::PackSource* source,
                                                  const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& slot = loaded_[source == nullptr ? role : role + " of " + name];
  if (slot) return slot;
  const Choice choice = choose(role, source);
  switch (choice.from) {
    case From::kNone:
      throw Error(Code::kModelMissing,
                  fmt::format("model \"{}\" is missing{}", role, choice.reason), {},
                  {fmt::format("voxlip models import FILE --role {} --name NAME, or give a pack "
                               "that has one",
                               role)});
    case From::kVoice:
      return slot = load_source(role, *choice.source, name);
    case From::kPack:
      return slot = load_source(role, *choice.source, choice.name);
    default:
      if (!choice.sha256.empty() && digests_.of(choice.file) != choice.sha256)
        throw Error(Code::kHashDiffers,
                    fmt::format("hash of \"{}\" differs from its record", choice.name),
                    Where{.file = choice.file}, {"import the model again with --overwrite"});
      return slot = load_file(role, choice.file, choice.name);
  }
}

}  // namespace vl::dub
