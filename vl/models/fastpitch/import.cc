#include "vl/models/fastpitch/import.h"

#include "vl/core/error.h"
#include "vl/models/fastpitch/fastpitch.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::fastpitch {

namespace {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

constexpr const char* kWordTable = "encoder.word_emb.weight";

/// Keys without DataParallel's "module." and the "1." that older files have after it.
StateDict plain_keys(const StateDict& in) {
  StateDict out;
  for (const auto& [key, value] : weights::strip_module(in)) {
    const std::string name = key.rfind("1.", 0) == 0 ? key.substr(2) : key;
    if (name.rfind("attention.", 0) != 0) out.set(name, value);
  }
  return out;
}

StateDict find_tensors(const Checkpoint& checkpoint) {
  if (checkpoint.averaged) return plain_keys(checkpoint.tensors({"ema_state_dict"}));
  return plain_keys(checkpoint.tensors({"state_dict", "ema_state_dict", ""}));
}

bool looks_right(const StateDict& tensors) {
  return tensors.contains(kWordTable) && tensors.contains("duration_predictor.fc.weight") &&
         tensors.contains("proj.weight");
}

FftConfig fft_from_shapes(const StateDict& t, const std::string& name) {
  const std::string first = name + ".layers.0.";
  FftConfig c;
  c.n_layers = t.count(name + ".layers", "dec_attn.qkv_net.weight");
  c.n_heads = 1;
  c.d_head = size_of(t, first + "dec_attn.qkv_net.weight", 2, 0) / 3;
  c.conv1d_filter_size = size_of(t, first + "pos_ff.CoreNet.0.weight", 3, 0);
  c.conv1d_kernel_size = size_of(t, first + "pos_ff.CoreNet.0.weight", 3, 2);
  return c;
}

PredictorConfig predictor_from_shapes(const StateDict& t, const std::string& name) {
  PredictorConfig c;
  c.n_layers = t.count(name + ".layers", "conv.weight");
  c.filter_size = size_of(t, name + ".layers.0.conv.weight", 3, 0);
  c.kernel_size = size_of(t, name + ".layers.0.conv.weight", 3, 2);
  return c;
}

FastPitchConfig config_from_shapes(const StateDict& t) {
  FastPitchConfig c;
  c.n_symbols = size_of(t, kWordTable, 2, 0);
  c.symbols_embedding_dim = size_of(t, kWordTable, 2, 1);
  c.n_mel_channels = size_of(t, "proj.weight", 2, 0);
  c.encoder = fft_from_shapes(t, "encoder");
  c.decoder = fft_from_shapes(t, "decoder");
  c.duration = predictor_from_shapes(t, "duration_predictor");
  c.pitch = predictor_from_shapes(t, "pitch_predictor");
  c.pitch_embedding_kernel_size = size_of(t, "pitch_emb.weight", 3, 2);
  c.energy_conditioning = t.contains("energy_predictor.fc.weight");
  if (c.energy_conditioning) {
    c.energy = predictor_from_shapes(t, "energy_predictor");
    c.energy_embedding_kernel_size = size_of(t, "energy_emb.weight", 3, 2);
  }
  if (t.contains("speaker_emb.weight")) c.n_speakers = size_of(t, "speaker_emb.weight", 2, 0);
  return c;
}

/// What inference takes from the training set-up, which otherwise repeats all arguments of the
/// training script.
bool is_setup_key(const std::string& key) {
  static const std::vector<std::string> kKeys = {
      "p_arpabet",  "text_cleaners", "symbol_set",    "sampling_rate", "hop_length",
      "win_length", "max_wav_value", "filter_length", "mel_fmin",      "mel_fmax"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// Sets the fields that `source` names; nulls and keys of training are passed over. Older files
/// store the text cleaners as one text.
void set_fields(FastPitchConfig& config, const json& source, bool setup_only) {
  if (!source.is_object()) return;
  Fields fields;
  describe(config, fields);
  json known = json::object();
  for (const auto& [key, value] : source.items()) {
    const Field* field = fields.find(key);
    if (field == nullptr || value.is_null() || (setup_only && !is_setup_key(key))) continue;
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(field->value);
    known[key] = is_list && value.is_string() ? json::array({value}) : value;
  }
  fields_from_json(fields, known, static_cast<int>(Code::kBadWeights));
}

/// The sizes that shapes tell must be those of the configuration; only the number of heads is free.
void check_shapes(const json& config, const json& shapes, const json& source) {
  const auto product = [](const json& c, const std::string& side) {
    return c[side + "_n_heads"].get<int64_t>() * c[side + "_d_head"].get<int64_t>();
  };
  for (const std::string side : {"in_fft", "out_fft"})
    if (product(config, side) != product(shapes, side))
      fail(Code::kBadWeights,
           "{0}_n_heads x {0}_d_head is {1} in the configuration, {2} in the weights", side,
           product(config, side), product(shapes, side));
  for (const auto& [key, value] : config.items()) {
    const bool free = is_setup_key(key) || key == "padding_idx" || key == "speaker_emb_weight" ||
                      key.find("_n_heads") != std::string::npos ||
                      key.find("_d_head") != std::string::npos;
    const bool energy_off =
        key.rfind("energy_", 0) == 0 && !shapes["energy_conditioning"].get<bool>();
    if (!free && !(energy_off && key != "energy_conditioning") && value != shapes[key])
      fail(Code::kBadWeights, "{} is {} in the configuration, {} in the weights", key, value.dump(),
           shapes[key].dump());
  }
  for (const char* key : {"in_fft_output_size", "out_fft_output_size"})
    if (source.is_object() && source.contains(key) && source[key].is_number() &&
        source[key] != config["symbols_embedding_dim"])
      fail(Code::kUnsupportedVariant, "{} is {}, but symbols_embedding_dim is {}", key,
           source[key].dump(), config["symbols_embedding_dim"].dump());
}

/// The constructor arguments: those of the separate file (bare, or under "config") come last.
json constructor_arguments(const Checkpoint& checkpoint) {
  json out = json::object();
  const weights::Value* stored = checkpoint.root.find("config");
  if (stored != nullptr && stored->dict() != nullptr) out.update(stored->to_json());
  if (!checkpoint.config || !checkpoint.config->is_object()) return out;
  const json& file = *checkpoint.config;
  const bool nested = file.contains("config") && file["config"].is_object();
  out.update(nested ? file["config"] : file);
  return out;
}

FastPitchConfig read_config(const Checkpoint& checkpoint, const StateDict& tensors) {
  const FastPitchConfig shapes = config_from_shapes(tensors);
  FastPitchConfig config = shapes;
  if (const weights::Value* setup = checkpoint.root.find("train_setup"))
    set_fields(config, setup->to_json(), /*setup_only=*/true);
  const json arguments = constructor_arguments(checkpoint);
  set_fields(config, arguments, /*setup_only=*/false);
  const auto split_heads = [&](FftConfig& c, const char* key) {
    if (!arguments.contains(key)) c.d_head /= c.n_heads;
  };
  split_heads(config.encoder, "in_fft_d_head");
  split_heads(config.decoder, "out_fft_d_head");
  check_shapes(config_to_json(config), config_to_json(shapes), arguments);
  return config;
}

bool recognise(const Checkpoint& checkpoint) {
  try {
    return looks_right(find_tensors(checkpoint));
  } catch (const Error&) {
    return false;
  }
}

ModelFile import_checkpoint(const Checkpoint& checkpoint) {
  const StateDict tensors = find_tensors(checkpoint);
  if (!looks_right(tensors))
    fail(Code::kWrongModelKind, "no FastPitch weights: \"{}\", predictors or proj are missing",
         kWordTable);
  const FastPitchConfig config = read_config(checkpoint, tensors);
  return {.role = "fastpitch",
          .arch = "fastpitch",
          .config = config_to_json(config),
          .tensors = weights::to_float32(tensors)};
}

}  // namespace

ModelClass fastpitch_class() {
  return model_class<FastPitch, FastPitchConfig>("fastpitch", "fastpitch", recognise,
                                                 import_checkpoint);
}

}  // namespace vl::models::fastpitch
