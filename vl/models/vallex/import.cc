#include <algorithm>

#include "vl/core/error.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"
#include "vl/models/vallex/vallex.h"

namespace vl::models::vallex {

namespace {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

const char* const kTextKey = "ar_text_embedding.word_embeddings.weight";
const char* const kArLayerKey = "ar_decoder.layers.0.linear1.weight";
const char* const kLanguageKey = "ar_language_embedding.word_embeddings.weight";
const char* const kNarLayerKey = "nar_decoder.layers.0.norm1.project_layer.weight";

StateDict public_state(const Checkpoint& checkpoint) {
  return weights::strip_module(find_tensors(checkpoint, {"model", ""}));
}

bool has_layout(const StateDict& t) {
  return t.contains(kTextKey) && t.contains(kArLayerKey) && t.contains(kNarLayerKey);
}

bool recognise(const Checkpoint& checkpoint) { return has_layout(public_state(checkpoint)); }

/// A setting of the container, or of the JSON beside it (a manifest's part too).
int64_t setting(const Checkpoint& checkpoint, const char* key, int64_t otherwise) {
  if (const weights::Value* value = checkpoint.root.find(key))
    if (value->tensor() == nullptr && value->integer(-1) >= 0) return value->integer(otherwise);
  for (const json& source : {checkpoint.config.value_or(json()), manifest_part(checkpoint)})
    if (source.is_object() && source.contains(key) && source[key].is_number_integer())
      return source[key].get<int64_t>();
  return otherwise;
}

VallexConfig config_of(const StateDict& t, const Checkpoint& checkpoint) {
  VallexConfig c;
  c.text_rows = size_of(t, kTextKey, 2, 0);
  c.dim = size_of(t, kTextKey, 2, 1);
  c.ffn = size_of(t, kArLayerKey, 2, 0);
  c.ar_layers = t.count("ar_decoder.layers", "linear1.weight");
  c.nar_layers = t.count("nar_decoder.layers", "linear1.weight");
  c.languages = size_of(t, kLanguageKey, 2, 0);
  c.heads = setting(checkpoint, "nhead", setting(checkpoint, "heads", 0));
  if (c.heads <= 0) c.heads = std::max<int64_t>(1, c.dim / 64);
  c.prefix_mode = setting(checkpoint, "prefix_mode", c.prefix_mode);
  return c;
}

/// Head J of the non-autoregressive stage and the table of codebook J + 2 are one tensor. Files
/// without shared storage (fp16, safetensors) hold it twice, or once.
void tie_heads(StateDict& t) {
  for (int64_t j = 0; j + 2 < kCodebooks; ++j) {
    const std::string head = fmt::format("nar_predict_layers.{}.weight", j),
                      table = fmt::format("nar_audio_embeddings.{}.word_embeddings.weight", j + 2);
    if (!t.contains(head) && t.contains(table)) t.set(head, t.at(table));
    if (!t.contains(head)) continue;
    if (!t.contains(table) || t.at(table).equal(t.at(head))) t.set(table, t.at(head));
  }
}

ModelFile import_vallex(const Checkpoint& checkpoint) {
  StateDict t = public_state(checkpoint);
  if (!has_layout(t)) {
    if (t.contains(kTextKey) || t.contains("text_embedding.word_embeddings.weight"))
      fail(Code::kUnsupportedVariant,
           "this is another model of the VALL-E family: both stages of VALL-E X are wanted");
    fail(Code::kWrongModelKind, "the file holds no VALL-E X: \"{}\" is absent", kTextKey);
  }
  if (!t.contains(kLanguageKey))
    throw Error(Code::kUnsupportedVariant,
                "this is a checkpoint of lifeiteng/vall-e: it has no language embeddings",
                Where{.file = checkpoint.file},
                {"use a checkpoint of VALL-E X (Plachtaa), which has both stages and languages"});
  const json config = config_to_json(config_of(t, checkpoint));
  // Counts and widths come from the file: the same limits as for our own weights files.
  validate(config_from_json<VallexConfig>(config, static_cast<int>(Code::kUnsupportedVariant)));
  t = weights::to_float32(t);
  tie_heads(t);
  return {.role = "vallex", .arch = "vallex", .config = config, .tensors = t};
}

}  // namespace

ModelClass vallex_class() {
  return model_class<Vallex, VallexConfig>("vallex", "vallex", recognise, import_vallex);
}

}  // namespace vl::models::vallex
