#include "vl/dub/model_store.h"

#include <algorithm>
#include <set>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/models/vocos/yaml.h"
#include "vl/weights/safetensors.h"

namespace vl::dub {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// The `voxlip` entry of a weights file, or null when it has none.
nlohmann::json read_meta(const fs::path& path) {
  const auto file = weights::read_safetensors(path.string());
  const auto it = file.metadata.find("voxlip");
  return it == file.metadata.end() ? nlohmann::json()
                                   : nlohmann::json::parse(it->second, nullptr, false);
}

std::optional<StoredModel> read_stored(const fs::path& path) {
  try {
    const nlohmann::json meta = read_meta(path);
    if (!meta.is_object()) return std::nullopt;
    const nlohmann::json config = meta.value("config", nlohmann::json::object());
    int64_t rate = 0;
    for (const char* key : {"sample_rate", "sampling_rate"}) rate = config.value(key, rate);
    return StoredModel{.name = path.stem().string(),
                       .role = meta.value("role", ""),
                       .arch = meta.value("arch", ""),
                       .licence = meta.value("licence", "user"),
                       .path = path,
                       .bytes = static_cast<int64_t>(fs::file_size(path)),
                       .sample_rate = rate};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void check_model_name(const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), good))
    fail(Code::kBadValue, "name \"{}\" is not made of a-z, 0-9, _ and -, 1 to 64 of them", name);
}

fs::path ModelStore::path_of(const std::string& name) const {
  return folder_ / (name + ".safetensors");
}

bool ModelStore::exists(const std::string& name) const {
  return name.find('/') == std::string::npos && fs::exists(path_of(name));
}

fs::path ModelStore::record_path(const std::string& name) const {
  return folder_ / (name + ".json");
}

std::vector<StoredModel> ModelStore::list() const {
  std::vector<StoredModel> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (entry.path().extension() == ".safetensors")
      if (auto model = read_stored(entry.path())) out.push_back(*model);
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return out;
}

std::vector<std::string> ModelStore::names() const {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error))
    if (entry.path().extension() == ".safetensors") out.push_back(entry.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<StoredModel> ModelStore::find(const std::string& name) const {
  const fs::path path = folder_ / (name + ".safetensors");
  return fs::exists(path) ? read_stored(path) : std::nullopt;
}

std::optional<StoredModel> ModelStore::newest(const std::string& role) const {
  std::optional<StoredModel> best;
  for (const StoredModel& m : list())
    if (m.role == role && (!best || fs::last_write_time(m.path) > fs::last_write_time(best->path)))
      best = m;
  return best;
}

Json ModelStore::import(const std::string& source, const std::string& role, const std::string& name,
                        const ImportSettings& settings, bool overwrite) const {
  check_model_name(name);
  if (settings.ema && role != "fastpitch" && role != "hifigan")
    fail(Code::kBadValue, "--ema is for the roles fastpitch and hifigan, not {}", role);
  const fs::path path = folder_ / (name + ".safetensors");
  if (!overwrite && fs::exists(path))
    throw Error(Code::kOutputExists, fmt::format("{} exists: use --overwrite", path.string()),
                Where{.file = path.string()});
  const Json record = import_model(source, role, name, settings, path).record;
  write_file_atomic(record_path(name).string(), record.dump(2) + "\n");
  return record;
}

ImportedModel import_model(const std::string& source, const std::string& role,
                           const std::string& name, const ImportSettings& settings,
                           const fs::path& path) {
  weights::Checkpoint checkpoint = open_checkpoint(source, settings.config_file);
  checkpoint.averaged = settings.ema;
  const models::ModelFile file = models::read_model(role, checkpoint);
  models::build(file, source);
  fs::create_directories(path.parent_path());
  const std::string source_hash = fs::is_directory(source) ? "" : sha256_file(source);
  models::write_model(path.string(), file, name,
                      {{"file", fs::path(source).filename().string()},
                       {"container", checkpoint.container},
                       {"sha256", source_hash}},
                      "user");
  const std::string hash = sha256_file(path.string());
  return {.record = {{"name", name},
                     {"role", role},
                     {"path", path.string()},
                     {"bytes", fs::file_size(path)},
                     {"sha256", hash},
                     {"source_sha256", source_hash}},
          .config = file.config};
}

std::string ModelStore::recorded_digest(const std::string& name) const {
  if (!fs::exists(record_path(name))) return "";
  const Json record = Json::parse(read_file(record_path(name).string()), nullptr, false);
  return record.is_object() ? record.value("sha256", "") : "";
}

FileCheck ModelStore::verify(const std::string& name) const {
  return {name, recorded_digest(name), sha256_file((folder_ / (name + ".safetensors")).string())};
}

nlohmann::json read_config_file(const std::string& path) {
  const std::string text = read_file(path);
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) json = models::vocos::parse_simple_yaml(text);
  if (!json.is_object())
    throw Error(Code::kBadWeights, path + " is neither JSON nor the YAML of a model",
                Where{.file = path});
  return json;
}

weights::Checkpoint open_checkpoint(const std::string& path, const std::string& config_file) {
  weights::Checkpoint out = weights::read_checkpoint(path);
  if (!config_file.empty()) out.config = read_config_file(config_file);
  return out;
}

namespace {

Json keys_json(const std::set<std::string>& keys) {
  Json out = Json::array();
  for (const std::string& k : keys) out.push_back(k);
  return out;
}

/// Role, configuration, and the keys that importing would miss or not know.
void add_kind(const weights::Checkpoint& checkpoint, Json& out) {
  for (const models::ModelClass& c : models::registry()) {
    if (!c.recognise(checkpoint)) continue;
    out["kind"] = c.role;
    try {
      const models::ModelFile file = models::read_model(c.role, checkpoint);
      out["config"] = file.config;
      const auto module = models::find_class(c.role, c.arch).make(file.config);
      std::set<std::string> wanted, extra;
      for (const auto& p : module->named_parameters()) wanted.insert(p.key());
      for (const auto& b : module->named_buffers())
        if (b.key().find("num_batches_tracked") == std::string::npos) wanted.insert(b.key());
      for (const auto& [key, value] : file.tensors)
        if (wanted.erase(key) == 0 && key.find("num_batches_tracked") == std::string::npos)
          extra.insert(key);
      out["missing_keys"] = keys_json(wanted);
      out["extra_keys"] = keys_json(extra);
    } catch (const Error& e) {
      out["config"] = {{"error", e.message()}};
    }
    return;
  }
}

const char* dtype_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "f32";
    case at::kHalf:
      return "f16";
    case at::kBFloat16:
      return "bf16";
    case at::kDouble:
      return "f64";
    case at::kLong:
      return "i64";
    case at::kInt:
      return "i32";
    case at::kByte:
      return "u8";
    case at::kChar:
      return "i8";
    default:
      return "other";
  }
}

void count_tensors(const weights::Value& value, int depth, int64_t& tensors, int64_t& params,
                   Json& dtypes) {
  if (const at::Tensor* t = value.tensor()) {
    ++tensors;
    params += t->numel();
    auto& n = dtypes[dtype_name(t->scalar_type())];
    n = n.is_null() ? 1 : n.get<int64_t>() + 1;
  }
  if (depth > 8) return;
  if (const weights::Dict* d = value.dict())
    for (const auto& item : *d) count_tensors(item.second, depth + 1, tensors, params, dtypes);
}

}  // namespace

Json inspect_checkpoint(const std::string& path) {
  const weights::Checkpoint checkpoint = weights::read_checkpoint(path);
  int64_t tensors = 0, params = 0;
  Json dtypes = Json::object();
  // The weights are in one entry of the root; optimizer state beside them is not counted.
  const weights::Value* root = &checkpoint.root;
  for (const char* entry : {"model", "weight", "state_dict", "generator"})
    if (const weights::Value* v = checkpoint.root.find(entry);
        v != nullptr && v->dict() != nullptr) {
      root = v;
      break;
    }
  count_tensors(*root, 0, tensors, params, dtypes);
  const bool folder = fs::is_directory(path);
  Json out = {{"file", path},
              {"bytes", folder ? 0 : fs::file_size(path)},
              {"sha256", folder ? "" : sha256_file(path)},
              {"container", checkpoint.container},
              {"kind", nullptr},
              {"tensors", tensors},
              {"params", params},
              {"dtypes", dtypes},
              {"config", Json::object()},
              {"missing_keys", Json::array()},
              {"extra_keys", Json::array()},
              {"globals", checkpoint.globals}};
  add_kind(checkpoint, out);
  return out;
}

}  // namespace vl::dub
