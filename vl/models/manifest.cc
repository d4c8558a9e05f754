#include "vl/models/manifest.h"

#include <filesystem>

#include "vl/core/error.h"

namespace vl::models {

using nlohmann::json;

json manifest_part(const weights::Checkpoint& checkpoint) {
  if (!checkpoint.config || !checkpoint.config->is_object()) return nullptr;
  const auto parts = checkpoint.config->find("parts");
  if (parts == checkpoint.config->end() || !parts->is_array()) return nullptr;
  const std::string name = std::filesystem::path(checkpoint.file).filename().string();
  for (const json& part : *parts) {
    if (!part.is_object() || !part.contains("config")) continue;
    const auto params = part.find("params");
    if (params != part.end() && params->is_string() && *params == name) return part["config"];
  }
  return nullptr;
}

weights::StateDict find_tensors(const weights::Checkpoint& checkpoint,
                                const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    const weights::Value* value = entry.empty() ? &checkpoint.root : checkpoint.root.find(entry);
    if (value == nullptr) continue;
    weights::StateDict found = value->tensors();
    if (!found.empty()) return found;
  }
  return {};
}

int64_t size_of(const weights::StateDict& state, const std::string& key, int64_t rank,
                int64_t dim) {
  const at::Tensor& t = state.at(key);
  if (t.dim() != rank || t.numel() == 0)
    fail(Code::kBadWeights, "\"{}\" has {} dimensions, wanted {}, none of them 0", key, t.dim(),
         rank);
  return t.size(dim);
}

}  // namespace vl::models
