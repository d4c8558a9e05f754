#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/models/registry.h"
#include "vl/nn/module.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/fill.h"

namespace vl::test {

inline nlohmann::json rvc_json(const std::string& name) {
  std::ifstream in(data("parity/rvc/" + name));
  return nlohmann::json::parse(in);
}

/// The fill of one part of tests/data/parity/rvc with the family's manifest as its configuration.
inline weights::Checkpoint rvc_part(const std::string& part) {
  static const nlohmann::json manifest = rvc_json("manifest.json");
  for (const nlohmann::json& p : manifest["parts"]) {
    if (p["name"] != part) continue;
    weights::Checkpoint c =
        weights::read_fill(data("parity/rvc/" + p["params"].get<std::string>()).string(), p["seed"],
                           p["storage"] == "float16");
    c.config = manifest;
    return c;
  }
  ADD_FAILURE() << "no part " << part;
  return {};
}

template <class M>
std::shared_ptr<const M> rvc_model(const std::string& role, const std::string& part,
                                   nn::Path path = nn::Path::kFused) {
  auto model = models::build_as<M>(models::find_class(role).import(rvc_part(part)), part);
  if (path != nn::Path::kFused) std::const_pointer_cast<M>(model)->set_path(path);
  return model;
}

inline const char* path_name(nn::Path path) {
  return path == nn::Path::kReference ? "_reference" : "_fused";
}

/// "input:KEY": from the goldens, or the fill that inputs.json declares.
inline at::Tensor rvc_input(const std::string& key) {
  static const nlohmann::json fills = rvc_json("inputs.json");
  const std::string name = "input:" + key;
  const Tensors& stored = golden("parity/rvc/golden.safetensors");
  if (stored.count(name)) return stored.at(name);
  const nlohmann::json& f = fills.at(name);
  return weights::fill_tensor(name, f["shape"].get<std::vector<int64_t>>(), f["seed"], f["scale"],
                              f["offset"]);
}

/// Compares with "out:NAME" or "out:NAME@k" (every k-th element); `rel` of the largest value.
inline void expect_rvc(const std::string& name, const at::Tensor& got, double rel) {
  const Tensors& stored = golden("parity/rvc/golden.safetensors");
  const std::string full = "out:" + name;
  if (stored.count(full)) return expect_close(name, got, stored.at(full), 0, rel);
  const auto it = stored.lower_bound(full + "@");
  const bool found = it != stored.end() && it->first.rfind(full + "@", 0) == 0;
  ASSERT_TRUE(found) << "no golden " << name;
  expect_close(name, got, it->second, 0, rel, std::stoll(it->first.substr(full.size() + 1)));
}

/// Values for every parameter and buffer by the rule of spec/packs.md section 5 for fills without a
/// parameter list.
inline void fill_module(torch::nn::Module& module, uint64_t seed) {
  const auto put = [&](const std::string& key, at::Tensor t) {
    const auto has = [&](const char* part) { return key.find(part) != std::string::npos; };
    if (!t.is_floating_point()) return;
    const bool table = has("emb_g.") || has("emb_pitch");
    const double fan_in = t.dim() < 2 ? 1.0 : double(t.numel()) / t.size(has("ups.") ? 1 : 0);
    double scale = 0.05, offset = 0;
    if (table)
      scale = 1;
    else if (t.dim() >= 2)
      scale = std::sqrt(3 / fan_in);
    else if (has("gamma") || has("running_var") || has("weight"))
      scale = 0.1, offset = 1;
    t.copy_(weights::fill_tensor(key, t.sizes(), seed, scale, offset));
  };
  for (const auto& p : module.named_parameters()) put(p.key(), p.value());
  for (const auto& b : module.named_buffers()) put(b.key(), b.value());
}

}  // namespace vl::test
