#include "vl/models/default_fill.h"

#include <algorithm>
#include <set>

#include "vl/core/error.h"
#include "vl/models/vallex/config.h"
#include "vl/nn/layers.h"
#include "vl/weights/fill.h"

namespace vl::models {

namespace {

using weights::FillParam;

std::string leaf(const std::string& key) { return key.substr(key.rfind('.') + 1); }

/// Keys of the weights of transposed convolutions.
std::set<std::string> transposed_weights(const torch::nn::Module& module) {
  std::set<std::string> out;
  for (const auto& item : module.named_modules())
    if (dynamic_cast<const nn::ConvTranspose1d*>(item.value().get()) != nullptr ||
        dynamic_cast<const nn::ConvTranspose2d*>(item.value().get()) != nullptr)
      out.insert(item.key() + ".weight");
  return out;
}

/// The key whose tensor this one shares, or empty.
std::string partner(const std::string& arch, const std::string& key) {
  if (arch != "vallex") return "";
  for (int64_t j = 0; j + 2 < vallex::kCodebooks; ++j)
    if (key == fmt::format("nar_audio_embeddings.{}.word_embeddings.weight", j + 2))
      return fmt::format("nar_predict_layers.{}.weight", j);
  return "";
}

/// Buffers that training fills; all others are constants of a formula.
bool is_learned(const std::string& key) {
  static const std::set<std::string> kLeaves = {"running_mean", "running_var", "pitch_mean",
                                                "pitch_std"};
  return kLeaves.count(leaf(key)) != 0;
}

}  // namespace

nlohmann::json full_config(const std::string& role, const std::string& arch,
                           const nlohmann::json& config) {
  nlohmann::json out = find_class(role, arch).default_config();
  if (!config.is_null()) out.update(config);
  return out;
}

ModelFile default_fill(const std::string& role, const std::string& arch,
                       const nlohmann::json& config, uint64_t seed, bool half) {
  const ModelClass& c = find_class(role, arch);
  ModelFile out{.role = role, .arch = c.arch, .config = full_config(role, arch, config)};
  const auto module = c.make(out.config);
  const std::set<std::string> transposed = transposed_weights(*module);
  std::vector<FillParam> params;
  for (const auto& item : module->named_parameters()) {
    const std::string& key = item.key();
    const std::string tied_to = partner(c.arch, key);
    // The scale is that of the partner, or the two could not be one tensor.
    FillParam p = weights::default_fill_param(
        tied_to.empty() ? key : tied_to, item.value().sizes().vec(), transposed.count(key) != 0);
    p.key = key;
    p.tied_to = tied_to;
    params.push_back(std::move(p));
  }
  for (const auto& item : module->named_buffers())
    if (is_learned(item.key()))
      params.push_back(weights::default_fill_param(item.key(), item.value().sizes().vec()));
    else if (leaf(item.key()) == "window")  // made when a file is read: here it has no value yet
      params.push_back(
          {.key = item.key(), .shape = item.value().sizes().vec(), .special = "hann_periodic"});
  out.tensors = weights::fill_state_dict(params, seed, half);
  for (const auto& item : module->named_buffers())
    if (!out.tensors.contains(item.key())) out.tensors.set(item.key(), item.value());
  return out;
}

}  // namespace vl::models
