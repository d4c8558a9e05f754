#include "vl/models/vocos/vocos.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"

namespace vl::models::vocos {

namespace {

constexpr double kNormEps = 1e-6, kMaxMagnitude = 100.0;

}  // namespace

void describe(VocosConfig& c, Fields& f) {
  f.add("features", &c.features).range(1, 65536);
  f.add("dim", &c.dim).range(1, 65536);
  f.add("inner", &c.inner).range(1, 1 << 20);
  f.add("layers", &c.layers).range(1, 1024);
  f.add("bandwidths", &c.bandwidths).range(1, 1024);
  f.add("codebooks", &c.codebooks).range(1, 1024);
  f.add("codebook_size", &c.codebook_size).range(2, 1 << 20);
  f.add("n_fft", &c.n_fft).range(4, 1 << 20);
  f.add("hop", &c.hop).range(1, 1 << 20);
}

void validate(const VocosConfig& c) {
  if (c.n_fft % 2 != 0 || c.hop > c.n_fft || (c.n_fft - c.hop) % 2 != 0)
    fail(Code::kUnsupportedVariant, "vocos with n_fft {} and hop {} is not supported", c.n_fft,
         c.hop);
}

AdaNorm::AdaNorm(int64_t ids, int64_t dim) {
  scale_ = child<nn::Embedding>("scale", ids, dim);
  shift_ = child<nn::Embedding>("shift", ids, dim);
}

at::Tensor AdaNorm::operator()(const at::Tensor& x, int64_t id) const {
  return at::layer_norm(x, {x.size(-1)}, {}, {}, kNormEps) * scale_->weight[id] +
         shift_->weight[id];
}

ConvNext::ConvNext(const VocosConfig& c) {
  dwconv_ = child<nn::Conv1d>(
      "dwconv",
      nn::Conv1dOptions{.in = c.dim, .out = c.dim, .kernel = 7, .padding = 3, .groups = c.dim});
  norm_ = child<AdaNorm>("norm", c.bandwidths, c.dim);
  pwconv1_ = child<nn::Linear>("pwconv1", c.dim, c.inner);
  pwconv2_ = child<nn::Linear>("pwconv2", c.inner, c.dim);
  gamma_ = parameter("gamma", {c.dim});
}

at::Tensor ConvNext::operator()(const at::Tensor& x, int64_t id) const {
  const at::Tensor y = (*norm_)((*dwconv_)(x).transpose(1, 2), id);
  return x + ((*pwconv2_)(at::gelu((*pwconv1_)(y))) * gamma_).transpose(1, 2);
}

Backbone::Backbone(const VocosConfig& c) {
  embed_ = child<nn::Conv1d>(
      "embed", nn::Conv1dOptions{.in = c.features, .out = c.dim, .kernel = 7, .padding = 3});
  norm_ = child<AdaNorm>("norm", c.bandwidths, c.dim);
  convnext_ = child<nn::ListOf<ConvNext>>("convnext");
  for (int64_t i = 0; i < c.layers; ++i) convnext_->add(c);
  final_norm_ = child<nn::LayerNorm>("final_layer_norm", c.dim, kNormEps);
}

at::Tensor Backbone::operator()(const at::Tensor& features, int64_t id, Taps* taps) const {
  at::Tensor x = (*embed_)(features);
  keep(taps, "embed", x);
  x = (*norm_)(x.transpose(1, 2), id);
  keep(taps, "norm", x);
  x = x.transpose(1, 2);
  for (size_t i = 0; i < convnext_->size(); ++i) {
    x = (*convnext_)[i](x, id);
    keep(taps, fmt::format("convnext{}", i), x);
  }
  x = (*final_norm_)(x.transpose(1, 2));
  keep(taps, "backbone", x);
  return x;
}

Head::Head(const VocosConfig& c) : n_fft_(c.n_fft), hop_(c.hop) {
  out_ = child<nn::Linear>("out", c.dim, c.n_fft + 2);
  window_ = child<nn::Level>("istft")->fixed("window", at::empty({c.n_fft}));
}

/// Sum of the frames, hop apart. frames [B, T, n_fft] -> [B, (T - 1) * hop + n_fft]
at::Tensor Head::overlap_add(const at::Tensor& frames) const {
  const int64_t total = (frames.size(1) - 1) * hop_ + n_fft_;
  return at::col2im(frames.transpose(1, 2), {1, total}, {1, n_fft_}, {1, 1}, {0, 0}, {1, hop_})
      .reshape({frames.size(0), total});
}

at::Tensor Head::operator()(const at::Tensor& x, Taps* taps) const {
  const at::Tensor linear = (*out_)(x);
  keep(taps, "head_linear", linear);
  const int64_t bins = n_fft_ / 2 + 1, frames = x.size(1);
  const at::Tensor magnitude = linear.slice(2, 0, bins).exp().clamp_max(kMaxMagnitude),
                   phase = linear.slice(2, bins);
  const at::Tensor spectrum = at::complex(magnitude * phase.cos(), magnitude * phase.sin());
  const at::Tensor wave = overlap_add(at::fft_irfft(spectrum, n_fft_, 2) * window_);
  const at::Tensor envelope = overlap_add(window_.square().expand({1, frames, n_fft_}));
  const int64_t cut = (n_fft_ - hop_) / 2;
  return wave.slice(1, cut, wave.size(1) - cut) / envelope.slice(1, cut, envelope.size(1) - cut);
}

Vocos::Vocos(const VocosConfig& config) : config_(config) {
  validate(config);
  codebooks_ =
      child<nn::Level>("feature_extractor")
          ->table("codebook_weights", {config.codebooks * config.codebook_size, config.features});
  backbone_ = child<Backbone>("backbone", config);
  head_ = child<Head>("head", config);
}

at::Tensor Vocos::decode(const at::Tensor& codes, int64_t id, Taps* taps) const {
  const bool ok = codes.dim() == 3 && codes.numel() > 0 && codes.size(1) <= config_.codebooks &&
                  codes.min().item<int64_t>() >= 0 &&
                  codes.max().item<int64_t>() < config_.codebook_size;
  if (!ok)
    fail(Code::kBadValue, "vocos takes codes [B,K,F], K at most {}, each from 0 to {}",
         config_.codebooks, config_.codebook_size - 1);
  if (id < 0 || id >= config_.bandwidths)
    fail(Code::kBadValue, "bandwidth id {} is outside 0..{}", id, config_.bandwidths - 1);
  at::Tensor sum = at::embedding(codebooks_, codes.select(1, 0));
  for (int64_t k = 1; k < codes.size(1); ++k)
    sum = sum + at::embedding(codebooks_, codes.select(1, k) + k * config_.codebook_size);
  const at::Tensor features = sum.transpose(1, 2).contiguous();
  keep(taps, "features", features);
  return (*head_)((*backbone_)(features, id, taps), taps);
}

namespace {

using weights::Checkpoint;
using weights::StateDict;

StateDict public_state(const Checkpoint& checkpoint) {
  return weights::strip_module(find_tensors(checkpoint, {"", "state_dict", "model"}));
}

bool recognise(const Checkpoint& checkpoint) {
  const StateDict t = public_state(checkpoint);
  return t.contains("feature_extractor.codebook_weights") && t.contains("head.istft.window");
}

/// "hop_length" of the published yaml (head, init_args), or `otherwise`.
int64_t hop_of(const nlohmann::json& config, int64_t otherwise) {
  const nlohmann::json* node = &config;
  for (const char* key : {"head", "init_args"})
    if (node->is_object() && node->contains(key)) node = &node->at(key);
  if (!node->is_object() || !node->contains("hop_length")) return otherwise;
  const nlohmann::json& hop = node->at("hop_length");
  if (!hop.is_number_integer() || hop.get<int64_t>() < 1)
    fail(Code::kUnsupportedVariant, "vocos: hop_length {} is no number above 0", hop.dump());
  return hop.get<int64_t>();
}

VocosConfig config_of(const StateDict& t, const Checkpoint& checkpoint) {
  VocosConfig c;
  c.codebooks = size_of(t, "feature_extractor.codebook_weights", 2, 0) / c.codebook_size;
  c.features = size_of(t, "feature_extractor.codebook_weights", 2, 1);
  c.dim = size_of(t, "backbone.embed.weight", 3, 0);
  c.layers = t.count("backbone.convnext", "gamma");
  c.inner = size_of(t, "backbone.convnext.0.pwconv1.weight", 2, 0);
  c.bandwidths = size_of(t, "backbone.norm.scale.weight", 2, 0);
  c.n_fft = size_of(t, "head.istft.window", 1, 0);
  c.hop = hop_of(checkpoint.config.value_or(nlohmann::json()), c.n_fft / 4);
  validate(c);
  return c;
}

ModelFile import_vocos(const Checkpoint& checkpoint) {
  if (!recognise(checkpoint))
    throw Error(Code::kWrongModelKind, checkpoint.file + " is not a Vocos for EnCodec codes",
                Where{.file = checkpoint.file});
  const StateDict t = weights::to_float32(public_state(checkpoint));
  ModelFile out{
      .role = "vocos", .arch = "vocos", .config = config_to_json(config_of(t, checkpoint))};
  for (const auto& [key, value] : t)
    if (key.rfind("feature_extractor.encodec.", 0) != 0) out.tensors.set(key, value);
  return out;
}

}  // namespace

ModelClass vocos_class() {
  return model_class<Vocos, VocosConfig>("vocos", "vocos", recognise, import_vocos);
}

}  // namespace vl::models::vocos
