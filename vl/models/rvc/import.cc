#include <algorithm>
#include <set>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"
#include "vl/models/rvc/rvc.h"

namespace vl::models::rvc {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

namespace {

constexpr const char* kPhone = "enc_p.emb_phone.weight";
constexpr const char* kSpeakers = "emb_g.weight";
/// Positions in the `config` list of a voice model.
constexpr size_t kListSize = 18, kHeads = 5, kResblock = 9, kKernels = 10, kDilations = 11,
                 kRates = 12;

StateDict public_state(const Checkpoint& checkpoint) {
  StateDict out;
  for (const auto& [key, value] : find_tensors(checkpoint, {"weight", "model", ""}))
    if (key.rfind("enc_q.", 0) != 0) out.set(key, value);
  return out;
}

bool has_layout(const StateDict& state) {
  return state.contains(kPhone) && state.contains(kSpeakers) &&
         state.contains("dec.conv_pre.weight") && state.contains("flow.flows.0.pre.weight");
}

bool recognise(const Checkpoint& checkpoint) { return has_layout(public_state(checkpoint)); }

/// What a container says about its model: the config list, version and f0 flag (null when absent).
struct Declared {
  json list, version, f0;
};

json entry_of(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return it == object.end() ? json() : *it;
}

/// The list in the order of voice models, from the "model" and "data" tables of a training
/// configuration.
json list_of_training(const json& config) {
  const json model = entry_of(config, "model");
  json list = json::array();
  for (size_t i = 0; i < kListSize; ++i) list.push_back(nullptr);
  list[kHeads] = entry_of(model, "n_heads");
  list[kResblock] = entry_of(model, "resblock");
  list[kKernels] = entry_of(model, "resblock_kernel_sizes");
  list[kDilations] = entry_of(model, "resblock_dilation_sizes");
  list[kRates] = entry_of(model, "upsample_rates");
  list[kListSize - 1] = entry_of(entry_of(config, "data"), "sampling_rate");
  return list;
}

Declared declared_by(const Checkpoint& checkpoint) {
  const auto in_file = [&](const char* key) {
    const weights::Value* value = checkpoint.root.find(key);
    return value == nullptr ? json() : value->to_json();
  };
  Declared d = {in_file("config"), in_file("version"), in_file("f0")};
  if (d.list.is_array() || !checkpoint.config) return d;
  const json part = manifest_part(checkpoint);
  const json& beside = part.is_null() ? *checkpoint.config : part;
  if (beside.is_array()) return {beside, d.version, d.f0};
  if (beside.is_object() && beside.contains("model") && beside.contains("data"))
    return {list_of_training(beside), d.version, d.f0};
  const auto or_else = [](const json& first, json second) {
    return first.is_null() ? second : first;
  };
  return {entry_of(beside, "config"), or_else(d.version, entry_of(beside, "version")),
          or_else(d.f0, entry_of(beside, "f0"))};
}

void refuse_vocoders(const Checkpoint& checkpoint) {
  const weights::Value* vocoder = checkpoint.root.find("vocoder");
  if (vocoder == nullptr || vocoder->text() == nullptr) return;
  if (*vocoder->text() == "HiFi-GAN" || vocoder->text()->empty()) return;
  throw Error(Code::kUnsupportedVariant,
              fmt::format("the voice model uses the vocoder \"{}\"; only HiFi-GAN is supported",
                          *vocoder->text()),
              Where{.file = checkpoint.file}, {"train or export the voice with HiFi-GAN"});
}

/// 1, true, "1", "true", "True" and the like; `otherwise` for what is absent.
bool as_flag(const json& value, bool otherwise) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (!value.is_string()) return otherwise;
  std::string text = value.get<std::string>();
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return std::tolower(c); });
  if (text == "1" || text == "true" || text == "yes") return true;
  if (text == "0" || text == "false" || text == "no") return false;
  fail(Code::kUnsupportedVariant, "the voice model's f0 flag is \"{}\"", text);
}

/// 40000, "40000" or "40k".
int64_t as_rate(const json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    size_t used = 0;
    int64_t number = 0;
    while (used < text.size() && used < 6 && std::isdigit(static_cast<unsigned char>(text[used])))
      number = 10 * number + (text[used++] - '0');
    const std::string rest = text.substr(used);
    if (used > 0 && (rest == "k" || rest == "K")) return 1000 * number;
    if (used > 0 && rest.empty()) return number;
  }
  fail(Code::kUnsupportedVariant, "the voice model's sample rate is {}", value.dump());
}

template <class T>
T typed(const json& value, const char* what) {
  try {
    return value.get<T>();
  } catch (const json::exception&) {
    fail(Code::kUnsupportedVariant, "the voice model's config has {} for {}", value.dump(), what);
  }
}

/// Everything that the shapes of the tensors show.
RvcConfig config_of_shapes(const StateDict& state) {
  RvcConfig c;
  c.f0 = state.contains("enc_p.emb_pitch.weight");
  c.hidden = size_of(state, kPhone, 2, 0);
  c.feature_dim = size_of(state, kPhone, 2, 1);
  c.inter = size_of(state, "enc_p.proj.weight", 3, 0) / 2;
  c.layers = state.count("enc_p.encoder.attn_layers", "conv_q.weight");
  const std::string ffn = "enc_p.encoder.ffn_layers.0.conv_1.weight";
  c.filter = size_of(state, ffn, 3, 0);
  c.kernel = size_of(state, ffn, 3, 2);
  c.window = (size_of(state, "enc_p.encoder.attn_layers.0.emb_rel_k", 3, 1) - 1) / 2;
  c.flow_layers = state.count("flow.flows.0.enc.in_layers", "weight");
  c.flow_kernel = size_of(state, "flow.flows.0.enc.in_layers.0.weight", 3, 2);
  c.speakers = size_of(state, kSpeakers, 2, 0);
  c.gin = size_of(state, kSpeakers, 2, 1);
  c.upsample_channels = size_of(state, "dec.conv_pre.weight", 3, 0);
  c.upsample_kernels.clear();
  const int64_t stages = state.count("dec.ups", "weight");
  for (int64_t i = 0; i < stages; ++i)
    c.upsample_kernels.push_back(size_of(state, fmt::format("dec.ups.{}.weight", i), 3, 2));
  const int64_t blocks = state.count("dec.resblocks", "convs1.0.weight");
  if (stages == 0 || blocks == 0 || blocks % stages != 0)
    fail(Code::kUnsupportedVariant, "RVC: {} residual blocks (of kind 1) for {} upsampling stages",
         blocks, stages);
  c.resblock_kernels.clear();
  c.resblock_dilations.clear();
  for (int64_t j = 0; j < blocks / stages; ++j) {
    const std::string block = fmt::format("dec.resblocks.{}", j);
    c.resblock_kernels.push_back(size_of(state, block + ".convs1.0.weight", 3, 2));
    c.resblock_dilations.emplace_back();
    for (int64_t d = 0; d < state.count(block + ".convs1", "weight"); ++d)
      c.resblock_dilations.back().push_back(2 * d + 1);
  }
  return c;
}

struct PublicRates {
  int64_t sample_rate;
  std::vector<int64_t> rates, kernels;
};

/// The public layouts, for training files, which carry no config list.
const std::vector<PublicRates>& public_rates() {
  static const std::vector<PublicRates> all = {
      {32000, {10, 4, 2, 2, 2}, {16, 16, 4, 4, 4}}, {48000, {10, 6, 2, 2, 2}, {16, 16, 4, 4, 4}},
      {32000, {10, 8, 2, 2}, {20, 16, 4, 4}},       {40000, {10, 10, 2, 2}, {16, 16, 4, 4}},
      {48000, {12, 10, 2, 2}, {24, 20, 4, 4}},
  };
  return all;
}

/// True when the strides of the excitation's convolutions are those of these rates.
bool noise_fits(const StateDict& state, const std::vector<int64_t>& rates) {
  int64_t after = 1;
  for (size_t i = rates.size(); i-- > 0; after *= rates[i])
    if (size_of(state, fmt::format("dec.noise_convs.{}.weight", i), 3, 2) !=
        (after > 1 ? 2 * after : 1))
      return false;
  return true;
}

void guess_rates(RvcConfig& c, const StateDict& state) {
  std::vector<const PublicRates*> fitting;
  for (const PublicRates& p : public_rates())
    if (p.kernels == c.upsample_kernels && (!c.f0 || noise_fits(state, p.rates)))
      fitting.push_back(&p);
  if (fitting.size() != 1)
    throw Error(Code::kUnsupportedVariant,
                "the file says nothing about its sample rate and upsampling rates, and its shapes "
                "do not decide them",
                {},
                {"give the training configuration beside it (--config config.json)",
                 "or export a voice model from the training file"});
  c.upsample_rates = fitting[0]->rates;
  c.sample_rate = fitting[0]->sample_rate;
}

void apply_list(RvcConfig& c, const json& list) {
  if (list.size() != kListSize)
    fail(Code::kUnsupportedVariant, "the voice model's config has {} entries, wanted {}",
         list.size(), kListSize);
  if (!list[kHeads].is_null()) c.heads = typed<int64_t>(list[kHeads], "the attention heads");
  const json& kind = list[kResblock];
  if (!kind.is_null() && kind != "1" && kind != 1)
    fail(Code::kUnsupportedVariant,
         "the voice model has residual blocks of kind {}, only 1 is supported", kind.dump());
  if (!list[kDilations].is_null())
    c.resblock_dilations =
        typed<std::vector<std::vector<int64_t>>>(list[kDilations], "the dilations");
  c.upsample_rates = typed<std::vector<int64_t>>(list[kRates], "the upsampling rates");
  c.sample_rate = as_rate(list[kListSize - 1]);
}

/// The lists of the file must fit the tensors in number before a module is made from them.
void check_lists(const RvcConfig& c, const std::vector<std::vector<int64_t>>& shapes) {
  bool fits = c.resblock_dilations.size() == shapes.size();
  for (size_t i = 0; fits && i < shapes.size(); ++i)
    fits = c.resblock_dilations[i].size() == shapes[i].size();
  check(fits, Code::kBadWeights, "the voice model's dilations do not fit its residual blocks");
}

std::string version_of(const json& declared, const RvcConfig& c) {
  if (declared.is_null()) return c.feature_dim == 768 ? "v2" : "v1";
  if (declared.is_string() && (declared == "v1" || declared == "v2"))
    return declared.get<std::string>();
  fail(Code::kUnsupportedVariant, "the voice model is of version {}; v1 and v2 are supported",
       declared.dump());
}

RvcConfig config_of(const StateDict& state, const Declared& declared) {
  RvcConfig c = config_of_shapes(state);
  const auto dilations = c.resblock_dilations;
  if (declared.list.is_array())
    apply_list(c, declared.list);
  else
    guess_rates(c, state);
  check_lists(c, dilations);
  c.version = version_of(declared.version, c);
  if (as_flag(declared.f0, c.f0) != c.f0)
    fail(Code::kBadWeights, "the voice model says {} f0, its tensors say the opposite",
         c.f0 ? "without" : "with");
  return c;
}

ModelFile import_rvc(const Checkpoint& checkpoint) {
  refuse_vocoders(checkpoint);
  StateDict state = public_state(checkpoint);
  if (!has_layout(state)) {
    const bool discriminator = state.contains("discriminators.0.convs.0.weight_v") ||
                               state.contains("discriminators.0.convs.0.weight");
    fail(Code::kWrongModelKind, "the file holds no RVC voice model: {}",
         discriminator ? std::string("it is a discriminator, part of a training run")
                       : fmt::format("\"{}\" or \"{}\" is absent", kPhone, kSpeakers));
  }
  state = weights::to_float32(weights::fold_weight_norm(state));
  const json config = config_to_json(config_of(state, declared_by(checkpoint)));
  // Counts and widths come from the file: the same limits as for our own weights files.
  validate(config_from_json<RvcConfig>(config, static_cast<int>(Code::kUnsupportedVariant)));
  return {.role = "rvc", .arch = "rvc", .config = config, .tensors = std::move(state)};
}

}  // namespace

ModelClass rvc_class() { return model_class<Rvc, RvcConfig>("rvc", "rvc", recognise, import_rvc); }

}  // namespace vl::models::rvc
