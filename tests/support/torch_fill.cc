#include "tests/support/torch_fill.h"

#include <ATen/ATen.h>

#include "vl/weights/fill.h"

namespace vl::test {

namespace {

bool has(const std::string& key, const char* part) { return key.find(part) != std::string::npos; }

at::Tensor filled(const std::string& key, const at::Tensor& like, uint64_t seed) {
  if (has(key, "inv_freq")) return like;
  if (key == "pitch_mean") return at::full({1}, 214.72203);
  if (key == "pitch_std") return at::full({1}, 65.72038);
  double scale = 0.05, offset = 0.0;
  if (has(key, "word_emb") || has(key, "speaker_emb") || has(key, "embedding")) {
    scale = 1.0;
  } else if (like.dim() >= 2) {
    const int64_t outputs = key.rfind("ups.", 0) == 0 ? like.size(1) : like.size(0);
    scale = std::sqrt(3.0 * static_cast<double>(outputs) / static_cast<double>(like.numel()));
  } else if (has(key, "weight")) {
    scale = 0.1, offset = 1.0;
  }
  return weights::fill_tensor(key, like.sizes(), seed, scale, offset);
}

}  // namespace

weights::StateDict rule_filled(const torch::nn::Module& module, uint64_t seed) {
  weights::StateDict out;
  for (const auto& item : module.named_parameters())
    out.set(item.key(), filled(item.key(), item.value(), seed));
  for (const auto& item : module.named_buffers())
    out.set(item.key(), filled(item.key(), item.value(), seed));
  return out;
}

}  // namespace vl::test
