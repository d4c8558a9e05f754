#include <cmath>

#include "vl/weights/fill.h"

namespace vl::weights {

namespace {

bool has(const std::string& key, const char* part) { return key.find(part) != std::string::npos; }

bool ends(const std::string& key, const std::string& end) {
  return key.size() >= end.size() && key.compare(key.size() - end.size(), end.size(), end) == 0;
}

/// The last dotted part of a key.
std::string leaf(const std::string& key) { return key.substr(key.rfind('.') + 1); }

bool is_table(const std::string& key) {
  return (has(key, "embedding") && ends(key, ".weight")) || has(key, "word_emb") ||
         has(key, "speaker_emb") || key.rfind("emb_g.", 0) == 0 || has(key, "codebook");
}

}  // namespace

FillParam default_fill_param(const std::string& key, std::vector<int64_t> shape, bool transposed) {
  FillParam out{.key = key, .shape = std::move(shape)};
  const auto set = [&](double scale, double offset) {
    out.scale = scale;
    out.offset = offset;
    return out;
  };
  const std::string name = leaf(key);
  const size_t rank = out.shape.size();
  if (ends(key, "_codebook.inited")) return set(0, 1);
  if (name == "cluster_size") return set(0, 20);
  if (key == "pitch_mean") return set(0, 214.72203);
  if (key == "pitch_std") return set(0, 65.72038);
  const bool new_norm = has(key, ".parametrizations.weight.");
  if (is_table(key) || name == "weight_v" || (new_norm && name == "original1")) return set(1, 0);
  if (name == "weight_g" || (new_norm && name == "original0") || name == "gamma" ||
      name == "running_var" || (name == "weight" && rank == 1))
    return set(0.1, 1);
  if (rank < 2) return set(0.05, 0);
  double fan_in = 1;
  for (size_t d = 0; d < rank; ++d)
    if (d != (transposed ? 1U : 0U)) fan_in *= static_cast<double>(out.shape[d]);
  return set(fan_in > 0 ? std::sqrt(3.0 / fan_in) : 1.0, 0);
}

}  // namespace vl::weights
