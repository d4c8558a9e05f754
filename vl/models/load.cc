#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/registry.h"
#include "vl/nn/module.h"
#include "vl/weights/mapped_pages.h"
#include "vl/weights/safetensors.h"

namespace vl::models {

namespace {

constexpr size_t kListed = 5;

std::string listed(const std::vector<std::string>& all) {
  std::vector<std::string> head(all.begin(),
                                all.begin() + static_cast<long>(std::min(all.size(), kListed)));
  std::string text = fmt::format("{}", fmt::join(head, ", "));
  if (all.size() > kListed) text += fmt::format(" and {} more", all.size() - kListed);
  return text;
}

bool is_counter(const std::string& key) {
  static const std::string kSuffix = "num_batches_tracked";
  return key.size() >= kSuffix.size() &&
         key.compare(key.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

std::string shape_text(at::IntArrayRef sizes) { return fmt::format("[{}]", fmt::join(sizes, ",")); }

/// Parameters and buffers of the module by key.
std::map<std::string, at::Tensor> slots(torch::nn::Module& module) {
  std::map<std::string, at::Tensor> out;
  for (const auto& item : module.named_parameters()) out[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) out[item.key()] = item.value();
  return out;
}

}  // namespace

void load_state(torch::nn::Module& module, const weights::StateDict& tensors,
                const std::string& file) {
  auto wanted = slots(module);
  std::vector<std::string> missing, unexpected, shapes;
  for (const auto& [key, slot] : wanted)
    if (!tensors.contains(key) && !is_counter(key)) missing.push_back(key);
  for (const auto& [key, value] : tensors) {
    const auto it = wanted.find(key);
    if (it == wanted.end())
      unexpected.push_back(key);
    else if (it->second.sizes() != value.sizes())
      shapes.push_back(fmt::format("{} is {}, wanted {}", key, shape_text(value.sizes()),
                                   shape_text(it->second.sizes())));
  }
  std::vector<std::string> parts;
  if (!missing.empty()) parts.push_back("missing " + listed(missing));
  if (!unexpected.empty()) parts.push_back("unexpected " + listed(unexpected));
  if (!shapes.empty()) parts.push_back("wrong shape: " + listed(shapes));
  if (!parts.empty())
    throw Error(Code::kBadWeights,
                fmt::format("weights do not fit the model: {}", fmt::join(parts, "; ")),
                Where{.file = file});
  for (const auto& [key, value] : tensors) {
    at::Tensor ready = value;
    at::Tensor& slot = wanted[key];
    if (ready.scalar_type() != slot.scalar_type()) ready = ready.to(slot.scalar_type());
    ready = ready.contiguous();
    if (ready.is_floating_point() && !ready.isfinite().all().item<bool>())
      throw Error(Code::kBadWeights, fmt::format("weights hold NaN or infinity in \"{}\"", key),
                  Where{.file = file});
    slot.set_data(ready);
    if (value.is_contiguous()) weights::release_pages(value.const_data_ptr(), value.nbytes());
  }
}

std::shared_ptr<torch::nn::Module> build(const ModelFile& file, const std::string& source_name) {
  const auto module = find_class(file.role, file.arch).make(file.config);
  load_state(*module, file.tensors, source_name);
  const auto all = module->modules();
  for (auto it = all.rbegin(); it != all.rend(); ++it)
    if (auto* ours = dynamic_cast<nn::Module*>(it->get())) ours->loaded();
  module->eval();
  return module;
}

void use_reference_path(torch::nn::Module& module) {
  if (auto* ours = dynamic_cast<nn::Module*>(&module)) ours->set_path(nn::Path::kReference);
}

void set_precision(torch::nn::Module& module, nn::Precision precision) {
  if (auto* ours = dynamic_cast<nn::Module*>(&module)) ours->set_precision(precision);
}

[[noreturn]] static void no_such_class(const std::string& role, const std::string& arch,
                                       const std::vector<std::string>& roles) {
  fail(Code::kUnsupportedVariant, "this build has no model of role \"{}\"{}; roles: {}", role,
       arch.empty() ? "" : " and arch \"" + arch + "\"", fmt::join(roles, " "));
}

const ModelClass& find_class(const std::string& role, const std::string& arch) {
  std::vector<std::string> roles;
  for (const ModelClass& c : registry()) {
    if (role == c.role && (arch.empty() || arch == c.arch)) return c;
    roles.push_back(c.role);
  }
  no_such_class(role, arch, roles);
}

namespace {

constexpr const char* kMetadataKey = "voxlip";

/// A weights file of ours, complete by itself.
ModelFile read_own(const weights::Checkpoint& checkpoint, const std::string& role) {
  const auto bad = [&](const std::string& what) {
    throw Error(Code::kBadWeights, checkpoint.file + ": " + what, Where{.file = checkpoint.file});
  };
  const auto text = checkpoint.metadata[kMetadataKey].get<std::string>();
  const auto meta = nlohmann::json::parse(text, nullptr, false);
  if (!meta.is_object() || meta.value("format", 0) != 1)
    bad("its entry \"voxlip\" is not of format 1");
  ModelFile out{.role = meta.value("role", ""),
                .arch = meta.value("arch", ""),
                .config = meta.value("config", nlohmann::json::object())};
  if (!role.empty() && out.role != role)
    throw Error(Code::kWrongModelKind,
                fmt::format("{} is a {} model, not {}", checkpoint.file, out.role, role),
                Where{.file = checkpoint.file});
  for (const auto& [key, value] : checkpoint.root.tensors()) out.tensors.set(key, value);
  const nlohmann::json tied = meta.value("tied", nlohmann::json::object());
  for (const auto& [key, partner] : tied.items()) {
    if (!partner.is_string() || !out.tensors.contains(partner.get<std::string>()))
      bad("tied key \"" + key + "\" has no partner");
    out.tensors.set(key, out.tensors.at(partner.get<std::string>()));
  }
  return out;
}

}  // namespace

ModelFile read_model(const std::string& role, const weights::Checkpoint& checkpoint) {
  if (checkpoint.metadata.is_object() && checkpoint.metadata.contains(kMetadataKey))
    return read_own(checkpoint, role);
  const ModelClass* fitting = nullptr;
  for (const ModelClass& c : registry())
    if (role == c.role && (fitting == nullptr || c.recognise(checkpoint))) fitting = &c;
  if (fitting == nullptr) return find_class(role).import(checkpoint);
  if (!fitting->recognise(checkpoint))
    for (const ModelClass& other : registry())
      if (role != other.role && other.recognise(checkpoint))
        throw Error(Code::kWrongModelKind,
                    fmt::format("{} is a {} model, not {}", checkpoint.file, other.role, role),
                    Where{.file = checkpoint.file},
                    {fmt::format("import it with --role {}", other.role)});
  return fitting->import(checkpoint);
}

void write_model(const std::string& path, const ModelFile& file, const std::string& name,
                 const nlohmann::json& source, const std::string& licence) {
  nlohmann::ordered_json tied = nlohmann::ordered_json::object();
  weights::StateDict stored;
  std::map<std::pair<const void*, std::vector<int64_t>>, std::string> seen;
  for (const auto& [key, value] : file.tensors) {
    const auto [it, fresh] = seen.try_emplace({value.data_ptr(), value.sizes().vec()}, key);
    if (fresh || value.numel() == 0)
      stored.set(key, value);
    else
      tied[key] = it->second;
  }
  const nlohmann::ordered_json meta = {
      {"format", 1},           {"role", file.role}, {"arch", file.arch},  {"name", name},
      {"config", file.config}, {"source", source},  {"licence", licence}, {"tied", tied}};
  weights::write_safetensors(path, stored, {{kMetadataKey, meta.dump()}});
}

}  // namespace vl::models
