#include "vl/models/hifigan/import.h"

#include <algorithm>
#include <set>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/hifigan/generator.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::hifigan {

namespace {

using nlohmann::json;
using weights::Checkpoint;
using weights::StateDict;

constexpr const char* kHopNames[] = {"hop_size", "hop_length"};
constexpr int kBad = static_cast<int>(Code::kBadWeights);

std::vector<std::string> split(const std::string& key) {
  std::vector<std::string> parts(1);
  for (char c : key) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool is_number(const std::string& s) {
  return !s.empty() && s.size() < 6 &&
         std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Residual blocks a stage, when keys are nested ("resblocks.STAGE.J.convs1..."), else 0.
int64_t nested_width(const StateDict& tensors) {
  int64_t width = 0;
  for (const auto& item : tensors) {
    const std::vector<std::string> p = split(item.first);
    if (p.size() > 3 && p[0] == "resblocks" && is_number(p[1]) && is_number(p[2]))
      width = std::max<int64_t>(width, std::stoll(p[2]) + 1);
  }
  return width;
}

/// Flat keys, and convolution weights without a fourth dimension of size 1.
StateDict plain_form(const StateDict& in) {
  const int64_t width = nested_width(in);
  StateDict out;
  for (const auto& [key, value] : in) {
    std::vector<std::string> p = split(key);
    if (width > 0 && p.size() > 3 && p[0] == "resblocks" && is_number(p[1]) && is_number(p[2])) {
      p[1] = std::to_string(std::stoll(p[1]) * width + std::stoll(p[2]));
      p.erase(p.begin() + 2);
    }
    const bool extra = value.dim() == 4 && value.size(3) == 1;
    out.set(fmt::format("{}", fmt::join(p, ".")), extra ? value.squeeze(3) : value);
  }
  return out;
}

StateDict find_tensors(const Checkpoint& checkpoint) {
  const StateDict raw = checkpoint.averaged
                            ? checkpoint.tensors({"gen_ema"})
                            : checkpoint.tensors({"generator", "state_dict", "gen_ema", ""});
  return weights::fold_weight_norm(plain_form(weights::strip_module(raw)));
}

bool looks_right(const StateDict& t) {
  return t.contains("conv_pre.weight") && t.contains("conv_post.weight") &&
         t.contains("ups.0.weight") &&
         (t.contains("resblocks.0.convs1.0.weight") || t.contains("resblocks.0.convs.0.weight"));
}

/// Dilations have no trace in the shapes: those of the public variants.
std::vector<int64_t> usual_dilations(const std::string& kind, size_t j, int64_t count) {
  static const std::vector<std::vector<int64_t>> kSingles = {{1, 2}, {2, 6}, {3, 12}};
  const std::vector<int64_t> usual =
      kind == "1" ? std::vector<int64_t>{1, 3, 5} : kSingles[std::min(j, kSingles.size() - 1)];
  if (count != static_cast<int64_t>(usual.size()))
    fail(Code::kBadWeights,
         "residual blocks of {} convolutions: give the config.json of this vocoder (--config)",
         count);
  return usual;
}

HifiganConfig config_from_shapes(const StateDict& t) {
  HifiganConfig c;
  c.num_mels = size_of(t, "conv_pre.weight", 3, 1);
  c.upsample_initial_channel = size_of(t, "conv_pre.weight", 3, 0);
  c.upsample_rates.clear();
  c.upsample_kernel_sizes.clear();
  for (int64_t i = 0; t.contains(fmt::format("ups.{}.weight", i)); ++i) {
    const int64_t kernel = size_of(t, fmt::format("ups.{}.weight", i), 3, 2);
    c.upsample_kernel_sizes.push_back(kernel);
    c.upsample_rates.push_back(kernel / 2);  // every public variant
  }
  c.resblock = std::string(t.contains("resblocks.0.convs1.0.weight") ? "1" : "2");
  const std::string convs = c.resblock == "1" ? "convs1" : "convs";
  int64_t blocks = 0;
  while (t.contains(fmt::format("resblocks.{}.{}.0.weight", blocks, convs))) ++blocks;
  c.resblock_kernel_sizes.clear();
  c.resblock_dilation_sizes.clear();
  const auto stages = static_cast<int64_t>(c.upsample_rates.size());
  for (int64_t j = 0; j < blocks / stages; ++j) {
    const std::string prefix = fmt::format("resblocks.{}.{}", j, convs);
    c.resblock_kernel_sizes.push_back(size_of(t, prefix + ".0.weight", 3, 2));
    c.resblock_dilation_sizes.push_back(
        usual_dilations(c.resblock, static_cast<size_t>(j), t.count(prefix, "weight")));
  }
  return c;
}

/// Sets the fields that `source` names, under the spelling of either origin.
void set_fields(HifiganConfig& config, const json& source) {
  static const std::map<std::string, std::string> kOtherNames = {
      {"filter_length", "n_fft"}, {"hop_length", "hop_size"}, {"win_length", "win_size"},
      {"mel_fmin", "fmin"},       {"mel_fmax", "fmax"},       {"n_mel_channels", "num_mels"}};
  if (!source.is_object()) return;
  Fields fields;
  describe(config, fields);
  json known = json::object();
  for (const auto& [key, value] : source.items()) {
    const auto other = kOtherNames.find(key);
    const std::string name = other == kOtherNames.end() ? key : other->second;
    if (fields.find(name) == nullptr || value.is_null()) continue;
    // The kind of block is a text in the public files, a number in some others.
    known[name] = name == "resblock" && value.is_number_integer()
                      ? json(std::to_string(value.get<int64_t>()))
                      : value;
  }
  fields_from_json(fields, known, kBad);
}

/// The named part of a container or of the separate file, or null.
json part(const Checkpoint& checkpoint, const char* name) {
  const weights::Value* value = checkpoint.root.find(name);
  return value != nullptr && value->dict() != nullptr ? value->to_json() : json();
}

json architecture(const Checkpoint& checkpoint) {
  json out = json::object(), inside = part(checkpoint, "config"),
       given = checkpoint.config.value_or(json());
  if (!inside.is_object() && !given.is_object())
    given = weights::config_beside(checkpoint.file, "upsample_rates").value_or(json());
  for (const json& source : {inside, given})
    if (source.is_object())
      out.update(source.contains("config") && source["config"].is_object() ? source["config"]
                                                                           : source);
  return out;
}

HifiganConfig read_config(const Checkpoint& checkpoint, const StateDict& tensors) {
  const json given = architecture(checkpoint);
  HifiganConfig config;
  // Shapes do not tell dilations, so they are asked only where the configuration is silent.
  const bool complete =
      given.contains("resblock_kernel_sizes") && given.contains("resblock") &&
      given.contains("resblock_dilation_sizes") && given.contains("upsample_rates") &&
      given.contains("upsample_kernel_sizes") && given.contains("upsample_initial_channel");
  if (!complete) config = config_from_shapes(tensors);
  config.num_mels = size_of(tensors, "conv_pre.weight", 3, 1);
  json setup = part(checkpoint, "train_setup");
  if (setup.is_object())
    for (const char* key :
         {"resblock", "upsample_rates", "upsample_kernel_sizes", "upsample_initial_channel",
          "resblock_kernel_sizes", "resblock_dilation_sizes", "num_mels", "n_mel_channels"})
      setup.erase(key);
  set_fields(config, setup);
  set_fields(config, given);
  check_config(config);
  const bool hop_given = std::any_of(std::begin(kHopNames), std::end(kHopNames), [&](auto* name) {
    return given.contains(name) || (setup.is_object() && setup.contains(name));
  });
  if (!hop_given) config.hop_size = config.samples_per_frame();
  if (config.hop_size != config.samples_per_frame())
    fail(Code::kBadWeights, "hop_size is {} in the configuration, its upsampling gives {}",
         config.hop_size, config.samples_per_frame());
  if (config.upsample_initial_channel != size_of(tensors, "conv_pre.weight", 3, 0))
    fail(Code::kBadWeights,
         "upsample_initial_channel is {} in the configuration, {} in the weights",
         config.upsample_initial_channel, size_of(tensors, "conv_pre.weight", 3, 0));
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
    fail(Code::kWrongModelKind,
         "no HiFi-GAN generator: conv_pre, ups, resblocks or conv_post are missing");
  return {.role = "hifigan",
          .arch = "hifigan",
          .config = config_to_json(read_config(checkpoint, tensors)),
          .tensors = weights::to_float32(tensors)};
}

}  // namespace

ModelClass hifigan_class() {
  return model_class<Generator, HifiganConfig>("hifigan", "hifigan", recognise, import_checkpoint);
}

}  // namespace vl::models::hifigan
