#include "vl/models/wav2lip/kinds.h"

#include "vl/core/error.h"

namespace vl::models::wav2lip {

using weights::Checkpoint;
using weights::StateDict;

StateDict family_tensors(const Checkpoint& checkpoint) {
  for (const char* entry : {"state_dict", ""}) {
    const weights::Value* v = *entry == '\0' ? &checkpoint.root : checkpoint.root.find(entry);
    if (v == nullptr) continue;
    StateDict t = weights::strip_module(v->tensors());
    if (!t.empty()) return t;
  }
  return {};
}

std::string kind_of(const StateDict& t) {
  const struct {
    const char *first, *second, *kind;
  } rows[] = {
      {"conv3_3_norm.weight", "fc7.weight", "a face detector"},
      {"face_encoder.0.conv_block.0.weight", "audio_encoder.0.conv_block.0.weight",
       "a SyncNet (lip-sync expert)"},
      {"binary_pred.0.weight", "binary_pred.0.weight", "a quality discriminator"},
      {"face_encoder_blocks.0.0.conv_block.0.weight", "face_decoder_blocks.0.0.conv_block.0.weight",
       "a Wav2Lip generator"},
      {"netcnnlip.0.weight", "netcnnaud.0.weight", "a SyncNet for evaluation (syncnet_v2)"},
  };
  for (const auto& row : rows)
    if (t.contains(row.first) && t.contains(row.second)) return row.kind;
  return "another kind of model";
}

void wrong_kind(const Checkpoint& checkpoint, const StateDict& tensors, const std::string& wanted) {
  throw Error(Code::kWrongModelKind,
              fmt::format("{} is {}, not {}", checkpoint.file, kind_of(tensors), wanted),
              Where{.file = checkpoint.file});
}

StateDict trained_values(const StateDict& tensors) {
  StateDict out;
  for (const auto& [key, value] : weights::to_float32(tensors))
    if (key.find("num_batches_tracked") == std::string::npos) out.set(key, value);
  return out;
}

}  // namespace vl::models::wav2lip
