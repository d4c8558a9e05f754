#include <array>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::hubert {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

namespace {

/// transformers' names and fairseq's, as pieces of a key.
constexpr std::array<std::array<const char*, 2>, 12> kNames = {{
    {"feature_projection.layer_norm.", "layer_norm."},
    {"feature_projection.projection.", "post_extract_proj."},
    {"encoder.pos_conv_embed.conv.", "encoder.pos_conv.0."},
    {".attention.q_proj.", ".self_attn.q_proj."},
    {".attention.k_proj.", ".self_attn.k_proj."},
    {".attention.v_proj.", ".self_attn.v_proj."},
    {".attention.out_proj.", ".self_attn.out_proj."},
    {".feed_forward.intermediate_dense.", ".fc1."},
    {".feed_forward.output_dense.", ".fc2."},
    {".conv.weight", ".0.weight"},
    {".conv.bias", ".0.bias"},
    {"masked_spec_embed", "mask_emb"},
}};

bool starts(const std::string& s, const char* prefix) { return s.rfind(prefix, 0) == 0; }

void replace(std::string& s, const std::string& from, const std::string& to) {
  const size_t at = s.find(from);
  if (at != std::string::npos) s.replace(at, from.size(), to);
}

/// A key of either layout in fairseq's.
std::string public_key(std::string key) {
  if (starts(key, "hubert.")) key.erase(0, 7);
  for (const auto& [from, to] : kNames) replace(key, from, to);
  if (starts(key, "feature_extractor.conv_layers.")) replace(key, ".layer_norm.", ".2.");
  // transformers names the norm after the attention "layer_norm", directly below the layer.
  if (starts(key, "encoder.layers.") && key.find(".final_layer_norm.") == std::string::npos &&
      key.find(".self_attn_layer_norm.") == std::string::npos)
    replace(key, ".layer_norm.", ".self_attn_layer_norm.");
  return key;
}

StateDict public_state(const Checkpoint& checkpoint) {
  StateDict out;
  for (const auto& [key, value] : find_tensors(checkpoint, {"model", ""}))
    out.set(public_key(key), value);
  return out;
}

bool has_layout(const StateDict& state) {
  return state.contains("feature_extractor.conv_layers.0.0.weight") &&
         state.contains("post_extract_proj.weight") &&
         state.contains("encoder.layers.0.self_attn.k_proj.weight");
}

bool recognise(const Checkpoint& checkpoint) { return has_layout(public_state(checkpoint)); }

int64_t integer_at(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto it = object.find(key);
  return it != object.end() && it->is_number_integer() ? it->get<int64_t>() : 0;
}

/// The number of heads is in no shape: the container's own configuration, the file given beside
/// it, or heads of 64.
int64_t find_heads(const Checkpoint& checkpoint, int64_t dim) {
  if (const weights::Value* cfg = checkpoint.root.find("cfg"))
    if (const weights::Value* model = cfg->find("model"))
      if (const weights::Value* heads = model->find("encoder_attention_heads"))
        if (heads->integer(0) > 0) return heads->integer(0);
  if (checkpoint.config) {
    if (const int64_t heads = integer_at(*checkpoint.config, "num_attention_heads")) return heads;
    if (const int64_t heads = integer_at(manifest_part(checkpoint), "heads")) return heads;
  }
  return std::max<int64_t>(1, dim / 64);
}

/// Networks of the same family that normalise before the block, or every convolution.
void refuse_large(const StateDict& state, const Checkpoint& checkpoint) {
  bool large = state.contains("feature_extractor.conv_layers.1.2.weight") ||
               state.contains("feature_extractor.conv_layers.1.2.1.weight") ||
               state.contains("feature_extractor.conv_layers.0.0.bias");
  if (checkpoint.config && checkpoint.config->is_object()) {
    const auto it = checkpoint.config->find("do_stable_layer_norm");
    large |= it != checkpoint.config->end() && it->is_boolean() && it->get<bool>();
  }
  if (large)
    fail(Code::kUnsupportedVariant,
         "this is a HuBERT of the large layout (normalised convolutions or pre-norm layers); voice "
         "models need the base layout");
}

HubertConfig config_of(const StateDict& state, const Checkpoint& checkpoint) {
  HubertConfig c;
  const std::string conv = "feature_extractor.conv_layers";
  c.conv_channels = size_of(state, conv + ".0.0.weight", 3, 0);
  c.conv_kernels.clear();
  for (int64_t i = 0; i < state.count(conv, "0.weight"); ++i)
    c.conv_kernels.push_back(size_of(state, fmt::format("{}.{}.0.weight", conv, i), 3, 2));
  c.conv_strides.assign(c.conv_kernels.size(), 2);
  c.conv_strides[0] = 5;
  c.dim = size_of(state, "post_extract_proj.weight", 2, 0);
  c.layers = state.count("encoder.layers", "fc1.weight");
  if (c.layers == 0)
    fail(Code::kBadWeights, "weights have no tensor \"encoder.layers.0.fc1.weight\"");
  c.ffn = size_of(state, "encoder.layers.0.fc1.weight", 2, 0);
  c.pos_kernel = size_of(state, "encoder.pos_conv.0.weight", 3, 2);
  const int64_t width = size_of(state, "encoder.pos_conv.0.weight", 3, 1);
  if (c.dim % width != 0)
    fail(Code::kBadWeights, "\"encoder.pos_conv.0.weight\" does not fit the width {}", c.dim);
  c.pos_groups = c.dim / width;
  c.proj = state.contains("final_proj.weight") ? size_of(state, "final_proj.weight", 2, 0) : 0;
  c.heads = find_heads(checkpoint, c.dim);
  return c;
}

ModelFile import_hubert(const Checkpoint& checkpoint) {
  StateDict state = public_state(checkpoint);
  if (!has_layout(state))
    fail(Code::kWrongModelKind, "the file holds no HuBERT: \"{}\" is absent",
         "feature_extractor.conv_layers.0.0.weight");
  refuse_large(state, checkpoint);
  for (const char* key : {"mask_emb", "label_embs_concat"}) state.erase(key);
  state = weights::to_float32(weights::fold_weight_norm(state));
  const json config = config_to_json(config_of(state, checkpoint));
  // Counts and widths come from the file: the same limits as for our own weights files.
  validate(config_from_json<HubertConfig>(config, static_cast<int>(Code::kUnsupportedVariant)));
  return {.role = "content", .arch = "hubert", .config = config, .tensors = std::move(state)};
}

}  // namespace

ModelClass hubert_class() {
  return model_class<Hubert, HubertConfig>("content", "hubert", recognise, import_hubert);
}

}  // namespace vl::models::hubert
