#include "vl/models/hubert/hubert.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::hubert {

namespace {

constexpr int64_t kPartFrames = 96;  // of the front end at once: 2 s
constexpr int64_t kMomentRows = 1 << 16;

}  // namespace

void describe(HubertConfig& c, Fields& f) {
  f.add("layers", &c.layers, "transformer layers").range(1, 64);
  f.add("dim", &c.dim, "width of the transformer").range(1, 8192);
  f.add("heads", &c.heads, "attention heads").range(1, 256);
  f.add("ffn", &c.ffn, "width inside the feed-forward blocks").range(1, 32768);
  f.add("conv_channels", &c.conv_channels, "channels of the front end").range(1, 4096);
  f.add("conv_kernels", &c.conv_kernels, "kernels of the front end").range(1, 64);
  f.add("conv_strides", &c.conv_strides, "strides of the front end").range(1, 64);
  f.add("pos_kernel", &c.pos_kernel, "kernel of the positional convolution").range(1, 1024);
  f.add("pos_groups", &c.pos_groups, "groups of the positional convolution").range(1, 1024);
  f.add("proj", &c.proj, "width of final_proj, 0 for none").range(0, 8192);
}

void validate(const HubertConfig& c) {
  check(!c.conv_kernels.empty() && c.conv_kernels.size() == c.conv_strides.size(),
        Code::kUnsupportedVariant, "HuBERT front end: kernels and strides differ in number");
  if (c.dim % c.heads != 0)
    fail(Code::kUnsupportedVariant, "HuBERT: width {} is not a multiple of {} heads", c.dim,
         c.heads);
  if (c.dim % c.pos_groups != 0)
    fail(Code::kUnsupportedVariant, "HuBERT: width {} is not a multiple of {} groups", c.dim,
         c.pos_groups);
}

ConvBlock::ConvBlock(const nn::Conv1dOptions& options, bool norm) {
  conv_ = child<nn::Conv1d>("0", options);
  if (norm) norm_ = child<nn::GroupNorm>("2", options.out, options.out);
}

at::Tensor ConvBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = (*conv_)(x);
  if (norm_) {
    // Statistics over minutes of audio overflow half precision.
    y = at::group_norm(y.to(at::kFloat), norm_->groups, norm_->weight.to(at::kFloat),
                       norm_->bias.to(at::kFloat), norm_->eps)
            .to(y.scalar_type());
  }
  return fused(y) ? at::gelu_(y) : at::gelu(y);
}

std::pair<at::Tensor, at::Tensor> ConvBlock::normalised(const at::Tensor& x) const {
  const auto& o = conv_->options();
  const at::Tensor windows = x.flatten().unfold(0, o.kernel, o.stride);  // [F, kernel]
  const int64_t frames = windows.size(0), width = o.kernel;
  at::Tensor sum = at::zeros({width}, at::kDouble), square = at::zeros({width, width}, at::kDouble);
  for (int64_t begin = 0; begin < frames; begin += kMomentRows) {
    const at::Tensor part = windows.slice(0, begin, begin + kMomentRows).to(at::kDouble);
    sum += part.sum(0);
    square += at::mm(part.t(), part);
  }
  const at::Tensor mean = sum / frames, centred = square / frames - at::outer(mean, mean);
  const at::Tensor weight = conv_->weight.flatten(1).to(at::kDouble);  // [out, kernel]
  const at::Tensor variance = at::mm(weight, centred).mul_(weight).sum(1).clamp_min_(0);
  const at::Tensor scale = norm_->weight.to(at::kDouble) / at::sqrt(variance + norm_->eps);
  const at::Tensor bias = norm_->bias.to(at::kDouble) - at::mv(weight, mean) * scale;
  return {(weight * scale.unsqueeze(1)).to(at::kFloat).view_as(conv_->weight), bias.to(at::kFloat)};
}

at::Tensor ConvBlock::apply(const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias) const {
  at::Tensor y = at::conv1d(x, weight, bias, conv_->options().stride);
  return at::gelu_(y);
}

FeatureExtractor::FeatureExtractor(const HubertConfig& c) {
  conv_layers_ = child<nn::ListOf<ConvBlock>>("conv_layers");
  for (size_t i = 0; i < c.conv_kernels.size(); ++i) {
    conv_layers_->add(nn::Conv1dOptions{.in = i == 0 ? 1 : c.conv_channels,
                                        .out = c.conv_channels,
                                        .kernel = c.conv_kernels[i],
                                        .stride = c.conv_strides[i],
                                        .bias = false},
                      i == 0);
    window_ += (c.conv_kernels[i] - 1) * hop_;
    hop_ *= c.conv_strides[i];
  }
}

at::Tensor FeatureExtractor::operator()(const at::Tensor& x, Taps* taps) const {
  const at::Tensor y = fused(x) && x.size(0) == 1 ? in_parts(x, taps) : reference(x, taps);
  keep(taps, "conv", y);
  return y;
}

at::Tensor FeatureExtractor::reference(const at::Tensor& x, Taps* taps) const {
  at::Tensor y = x;
  for (size_t i = 0; i < conv_layers_->size(); ++i) {
    y = (*conv_layers_)[i](y);
    if (i == 0) keep(taps, "conv0", y);
  }
  return y;
}

/// With the norm folded into the first convolution nothing else spans the whole signal: memory is
/// that of one part, where the first layer alone takes 6.5 MB a second otherwise.
at::Tensor FeatureExtractor::in_parts(const at::Tensor& x, Taps* taps) const {
  const ConvBlock& first = (*conv_layers_)[0];
  const auto [weight, bias] = first.normalised(x);
  const int64_t frames = (x.size(2) - window_) / hop_ + 1;
  const int64_t step = taps != nullptr ? frames : kPartFrames;
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < frames; begin += step) {
    const int64_t end = std::min(frames, begin + step);
    // The last part reads to the end, as the whole does; the convolutions drop what is left over.
    at::Tensor y = x.slice(2, begin * hop_, end == frames ? x.size(2) : (end - 1) * hop_ + window_);
    y = first.apply(y, weight, bias);
    keep(taps, "conv0", y);
    for (size_t i = 1; i < conv_layers_->size(); ++i) y = (*conv_layers_)[i](y);
    parts.push_back(y);
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 2);
}

SelfAttention::SelfAttention(int64_t dim, int64_t heads) : heads_(heads) {
  k_ = child<nn::Linear>("k_proj", dim, dim);
  v_ = child<nn::Linear>("v_proj", dim, dim);
  q_ = child<nn::Linear>("q_proj", dim, dim);
  out_ = child<nn::Linear>("out_proj", dim, dim);
}

at::Tensor SelfAttention::operator()(const at::Tensor& x) const {
  const auto split = [&](const at::Tensor& t) {  // [B, F, dim] -> [B, heads, F, dim / heads]
    return t.view({t.size(0), t.size(1), heads_, -1}).transpose(1, 2);
  };
  const at::Tensor y =
      at::scaled_dot_product_attention(split((*q_)(x)), split((*k_)(x)), split((*v_)(x)));
  return (*out_)(y.transpose(1, 2).reshape(x.sizes()));
}

Layer::Layer(const HubertConfig& c) {
  attention_ = child<SelfAttention>("self_attn", c.dim, c.heads);
  attention_norm_ = child<nn::LayerNorm>("self_attn_layer_norm", c.dim);
  fc1_ = child<nn::Linear>("fc1", c.dim, c.ffn);
  fc2_ = child<nn::Linear>("fc2", c.ffn, c.dim);
  final_norm_ = child<nn::LayerNorm>("final_layer_norm", c.dim);
}

at::Tensor Layer::operator()(const at::Tensor& x) const {
  const at::Tensor y = (*attention_norm_)(x + (*attention_)(x));
  return (*final_norm_)(y + (*fc2_)(at::gelu((*fc1_)(y))));
}

Encoder::Encoder(const HubertConfig& c) {
  pos_conv_ = child<nn::ListOf<nn::Conv1d>>("pos_conv");
  pos_conv_->add(nn::Conv1dOptions{.in = c.dim,
                                   .out = c.dim,
                                   .kernel = c.pos_kernel,
                                   .padding = c.pos_kernel / 2,
                                   .groups = c.pos_groups});
  layers_ = child<nn::ListOf<Layer>>("layers");
  for (int64_t i = 0; i < c.layers; ++i) layers_->add(c);
  norm_ = child<nn::LayerNorm>("layer_norm", c.dim);
}

at::Tensor Encoder::embed(const at::Tensor& x) const {
  // An even kernel with half of it as padding gives one frame too many.
  const at::Tensor pos = (*pos_conv_)[0](x.transpose(1, 2)).slice(2, 0, x.size(1));
  return (*norm_)(x + at::gelu(pos).transpose(1, 2));
}

Hubert::Hubert(const HubertConfig& c) : config_(c) {
  validate(c);
  feature_extractor_ = child<FeatureExtractor>("feature_extractor", c);
  post_extract_proj_ = child<nn::Linear>("post_extract_proj", c.conv_channels, c.dim);
  encoder_ = child<Encoder>("encoder", c);
  layer_norm_ = child<nn::LayerNorm>("layer_norm", c.conv_channels);
  if (c.proj > 0) final_proj_ = child<nn::Linear>("final_proj", c.dim, c.proj);
}

int64_t Hubert::min_samples() const {
  int64_t samples = 1;
  for (size_t i = config_.conv_kernels.size(); i-- > 0;)
    samples = (samples - 1) * config_.conv_strides[i] + config_.conv_kernels[i];
  return samples;
}

std::vector<at::Tensor> Hubert::layers(const at::Tensor& wave, int64_t count, Taps* taps) const {
  if (count < 1 || count > config_.layers)
    fail(Code::kBadValue, "layer {} is wanted, the content model has {}", count, config_.layers);
  if (wave.size(-1) < min_samples())
    fail(Code::kBadValue, "{} samples at 16 kHz are too few: the content model needs {}",
         wave.size(-1), min_samples());
  at::Tensor x = (*feature_extractor_)(wave.unsqueeze(1), taps);
  x = (*post_extract_proj_)((*layer_norm_)(x.transpose(1, 2)));
  keep(taps, "proj", x);
  x = encoder_->embed(x);
  keep(taps, "pos_ln", x);
  std::vector<at::Tensor> out;
  for (int64_t i = 0; i < count; ++i) {
    x = encoder_->layers()[static_cast<size_t>(i)](x);
    keep(taps, "layer" + std::to_string(i + 1), x);
    out.push_back(x);
  }
  return out;
}

at::Tensor Hubert::features(const at::Tensor& wave, int64_t layer) const {
  return layers(wave, layer).back();
}

at::Tensor Hubert::project(const at::Tensor& x) const {
  if (!final_proj_)
    fail(Code::kUnsupportedVariant,
         "this content model has no final_proj, which voice models of version v1 need");
  return (*final_proj_)(x);
}

}  // namespace vl::models::hubert
