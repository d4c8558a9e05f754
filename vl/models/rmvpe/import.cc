#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"
#include "vl/models/rmvpe/rmvpe.h"

namespace vl::models::rmvpe {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

namespace {

constexpr const char* kFirst = "unet.encoder.layers.0.conv.0.conv.0.weight";
constexpr const char* kGru = "fc.0.gru.weight_ih_l0";

bool has_layout(const StateDict& state) {
  return state.contains(kFirst) && state.contains(kGru) && state.contains("cnn.weight") &&
         state.contains("fc.1.weight");
}

bool recognise(const Checkpoint& checkpoint) {
  return has_layout(find_tensors(checkpoint, {"", "model"}));
}

RmvpeConfig config_of(const StateDict& state) {
  RmvpeConfig c;
  c.levels = state.count("unet.encoder.layers", "conv.0.conv.0.weight");
  c.blocks = state.count("unet.encoder.layers.0.conv", "conv.0.weight");
  c.inter_layers = state.count("unet.intermediate.layers", "conv.0.conv.0.weight");
  c.base_channels = size_of(state, kFirst, 4, 0);
  c.in_channels = size_of(state, kFirst, 4, 1);
  c.out_channels = size_of(state, "cnn.weight", 4, 0);
  const int64_t width = size_of(state, kGru, 2, 1);
  if (width % c.out_channels != 0)
    fail(Code::kBadWeights, "\"{}\" does not fit {} channels", kGru, c.out_channels);
  c.n_mels = width / c.out_channels;
  c.gru_hidden = size_of(state, "fc.0.gru.weight_hh_l0", 2, 1);
  c.gru_layers = 1;
  while (state.contains(fmt::format("fc.0.gru.weight_ih_l{}", c.gru_layers))) ++c.gru_layers;
  c.bins = size_of(state, "fc.1.weight", 2, 0);
  return c;
}

ModelFile import_rmvpe(const Checkpoint& checkpoint) {
  const StateDict state = weights::to_float32(find_tensors(checkpoint, {"", "model"}));
  if (!has_layout(state))
    fail(Code::kWrongModelKind, "the file holds no RMVPE: \"{}\" or \"{}\" is absent", kFirst,
         kGru);
  const json config = config_to_json(config_of(state));
  // Counts and widths come from the file: the same limits as for our own weights files.
  validate(config_from_json<RmvpeConfig>(config, static_cast<int>(Code::kUnsupportedVariant)));
  return {.role = "f0", .arch = "rmvpe", .config = config, .tensors = state};
}

}  // namespace

ModelClass rmvpe_class() {
  return model_class<Rmvpe, RmvpeConfig>("f0", "rmvpe", recognise, import_rmvpe);
}

}  // namespace vl::models::rmvpe
