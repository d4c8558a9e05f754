#include "vl/dub/model_set.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"

namespace vl::dub {

namespace fs = std::filesystem;

namespace {

constexpr int kFillRule = 1;
constexpr const char* kBuiltIn = "untrained";

fs::path pack_folder(const ModelPlaces& p) {
  const std::string name = p.pack.empty() ? kBuiltIn : p.pack;
  if (name.find('/') != std::string::npos || fs::is_directory(name)) return name;
  for (const fs::path& base : {p.models_dir / "packs", p.packs_dir})
    if (fs::is_directory(base / name)) return base / name;
  throw Error(
      Code::kModelMissing, fmt::format("pack \"{}\" is missing", name), {},
      {"give --pack a folder, or the name of a pack in " + (p.models_dir / "packs").string()});
}

}  // namespace

ModelSet::ModelSet(ModelPlaces places)
    : places_(std::move(places)),
      store_(places_.models_dir),
      pack_(weights::read_pack(pack_folder(places_), places_.assets_dir)) {}

const weights::PackVoice& ModelSet::voice(const std::string& name) const {
  const std::string wanted = name.empty() ? pack_.default_voice : name;
  if (wanted.empty())
    fail(Code::kUnknownVoice, "pack \"{}\" has no default voice: give --voice", pack_.name);
  if (const weights::PackVoice* v = pack_.voice(wanted)) return *v;
  std::vector<std::string> names;
  for (const auto& v : pack_.voices) names.push_back(v.name);
  const std::string near = nearest_name(wanted, names);
  throw Error(Code::kUnknownVoice,
              fmt::format("no voice \"{}\"{}", wanted,
                          near.empty() ? "" : "; did you mean \"" + near + "\"?"),
              {}, {fmt::format("voices of pack \"{}\": {}", pack_.name, fmt::join(names, " "))});
}

std::vector<std::string> ModelSet::languages(const std::string& role) const {
  const weights::PackModel* m = pack_.model(role);
  return m != nullptr && !m->languages.empty() ? m->languages
                                               : std::vector<std::string>{"en", "zh", "ja"};
}

bool ModelSet::has(const std::string& role) const {
  return places_.chosen.count(role) != 0 || pack_.model(role) != nullptr ||
         store_.newest(role).has_value();
}

std::vector<ModelRecord> ModelSet::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

/// The weights file of a fill, made at first use.
fs::path ModelSet::filled_file(const std::string& role, const weights::PackFill& fill) {
  const std::string params_hash = sha256_file(fill.params.string());
  const nlohmann::json key = {{"role", role},      {"config", fill.config},
                              {"seed", fill.seed}, {"params", params_hash},
                              {"half", fill.half}, {"rule", kFillRule}};
  const fs::path path = places_.cache_dir / "packs" / (sha256_hex(key.dump()) + ".safetensors");
  if (fs::exists(path)) return path;
  weights::Checkpoint checkpoint = weights::read_fill(fill.params.string(), fill.seed, fill.half);
  if (!fill.config.is_null()) checkpoint.config = fill.config;
  const models::ModelFile file = models::read_model(role, checkpoint);
  fs::create_directories(path.parent_path());
  models::write_model(path.string(), file, role, {{"fill", key}}, pack_.licence);
  return path;
}

std::shared_ptr<torch::nn::Module> ModelSet::load_file(const std::string& role,
                                                       const std::string& path,
                                                       const std::string& name) {
  const models::ModelFile file = models::read_model(role, weights::read_checkpoint(path));
  used_.push_back({role, name, sha256_file(path)});
  return models::build(file, path);
}

std::shared_ptr<torch::nn::Module> ModelSet::load_source(const std::string& role,
                                                         const weights::PackSource& source,
                                                         const std::string& name) {
  untrained_ = untrained_ || !pack_.trained;
  if (source.fill) return load_file(role, filled_file(role, *source.fill).string(), name);
  weights::verify_source(source, name);
  return load_file(role, source.file.string(), name);
}

std::shared_ptr<torch::nn::Module> ModelSet::load(const std::string& role,
                                                  const weights::PackSource* source,
                                                  const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& slot = loaded_[role];
  if (slot) return slot;
  if (const auto it = places_.chosen.find(role); it != places_.chosen.end()) {
    const auto stored = store_.find(it->second);
    return slot = load_file(role, stored ? stored->path.string() : it->second,
                            stored ? stored->name : fs::path(it->second).stem().string());
  }
  if (source != nullptr) return slot = load_source(role, *source, name);
  const weights::PackModel* in_pack = pack_.model(role);
  if (places_.pack.empty())
    if (const auto stored = store_.newest(role))
      return slot = load_file(role, stored->path.string(), stored->name);
  if (in_pack == nullptr)
    throw Error(
        Code::kModelMissing, fmt::format("model \"{}\" is missing", role), {},
        {fmt::format("voxlip models import FILE --role {} --name NAME, or give a pack that has one",
                     role)});
  return slot = load_source(role, in_pack->source, pack_.name + ":" + role);
}

}  // namespace vl::dub
