#include "vl/dub/model_list.h"

#include <map>

#include "vl/core/error.h"
#include "vl/dub/fullsize_pack.h"

namespace vl::dub {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// Roles that a model of a role is used with (spec packs.md section 1).
Json needs(const std::string& role) {
  static const std::map<std::string, std::vector<std::string>> kNeeds = {
      {"rvc", {"content"}},  {"vallex", {"codec", "vocos"}}, {"fastpitch", {"hifigan"}},
      {"wav2lip", {"face"}}, {"syncnet", {"face"}},          {"lse", {"face"}}};
  const auto it = kNeeds.find(role);
  return it == kNeeds.end() ? Json::array() : Json(it->second);
}

Json row(const std::string& name, const std::string& role, const std::string& licence) {
  return {{"name", name},
          {"role", role},
          {"pack", nullptr},
          {"path", nullptr},
          {"bytes", nullptr},
          {"sha256", nullptr},
          {"languages", Json::array()},
          {"sample_rate", nullptr},
          {"license", licence},
          {"needs", needs(role)},
          {"verified", nullptr}};
}

void add_file(Json& row, const fs::path& file, const FileDigests& digests) {
  row["path"] = file.string();
  row["bytes"] = fs::file_size(file);
  row["sha256"] = digests.of(file);
}

}  // namespace

Json list_models(const ModelPlaces& places) {
  const FileDigests digests(places.cache_dir);
  const ModelStore store(places.models_dir);
  Json out = Json::array();
  for (const StoredModel& m : store.list()) {
    Json r = row(m.name, m.role, m.licence);
    add_file(r, m.path, digests);
    if (m.sample_rate > 0) r["sample_rate"] = m.sample_rate;
    const std::string expected = store.recorded_digest(m.name);
    if (!expected.empty()) r["verified"] = r["sha256"] == expected;
    out.push_back(r);
  }
  const ModelSet set(places);
  for (const weights::PackModel& m : set.pack().models) {
    Json r = row(set.pack().name + ":" + m.role, m.role,
                 m.licence.empty() ? set.pack().licence : m.licence);
    r["pack"] = set.pack().name;
    r["languages"] = m.languages;
    const fs::path file = m.source.fill ? set.fill_path(m.role, *m.source.fill) : m.source.file;
    if (fs::exists(file)) add_file(r, file, digests);
    if (!m.source.fill && !r["sha256"].is_null()) r["verified"] = r["sha256"] == m.source.sha256;
    out.push_back(r);
  }
  return out;
}

Json verify_models(const ModelPlaces& places, const std::vector<std::string>& names) {
  const ModelStore store(places.models_dir);
  std::vector<std::string> all = names;
  if (all.empty())
    for (const std::string& name : store.names()) all.push_back(name);
  Json out = Json::array();
  const auto add = [&](const FileCheck& c) {
    out.push_back({{"name", c.name},
                   {"expected", c.expected},
                   {"actual", c.actual},
                   {"ok", c.expected == c.actual}});
  };
  for (const std::string& name : all) {
    if (store.exists(name)) {
      add(store.verify(name));
      continue;
    }
    ModelPlaces of_pack = places;
    of_pack.pack = name;
    of_pack.chosen.clear();
    if (!find_pack(of_pack) && name != kFullsize)
      throw Error(Code::kModelMissing, fmt::format("model \"{}\" is missing", name), {},
                  {"voxlip models list shows what is there"});
    for (const FileCheck& c : ModelSet(of_pack).verify_pack()) add(c);
  }
  return out;
}

}  // namespace vl::dub
