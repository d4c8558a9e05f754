#include "vl/models/fastpitch/blocks.h"

#include <ATen/ATen.h>

namespace vl::models::fastpitch {

using nn::RowBatch;
using Sums = nn::ChannelsLastConv1d::Sums;

namespace {

nn::Conv1dOptions same_conv(int64_t in, int64_t out, int64_t kernel) {
  return {.in = in, .out = out, .kernel = kernel, .padding = kernel / 2};
}

}  // namespace

at::Tensor apply_mask(const at::Tensor& x, const at::Tensor& mask, bool channels_first) {
  return mask.defined() ? x * mask.unsqueeze(channels_first ? 1 : 2).to(x.scalar_type()) : x;
}

PositionalEmbedding::PositionalEmbedding(int64_t dim) {
  const at::Tensor steps = at::arange(0, dim, 2, at::kFloat) / static_cast<double>(dim);
  inv_freq = buffer("inv_freq", 1.0 / at::pow(10000.0, steps));
}

at::Tensor PositionalEmbedding::operator()(int64_t length) const {
  const at::Tensor freq = inv_freq.to(at::kFloat);
  const at::Tensor angle = at::arange(length, freq.options()).unsqueeze(1) * freq;
  return at::cat({angle.sin(), angle.cos()}, 1).unsqueeze(0);
}

SelfAttention::SelfAttention(int64_t dim, int64_t heads, int64_t head_dim)
    : heads_(heads), head_dim_(head_dim) {
  qkv_net_ = child<nn::Linear>("qkv_net", dim, 3 * heads * head_dim);
  o_net_ = child<nn::Linear>("o_net", heads * head_dim, dim, /*bias=*/false);
  layer_norm_ = child<nn::LayerNorm>("layer_norm", dim);
}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const at::Tensor& keep) const {
  const int64_t batch = x.size(0), length = x.size(1);
  // [B, T, 3, heads, d] to three of [B, heads, T, d].
  const at::Tensor qkv =
      (*qkv_net_)(x).view({batch, length, 3, heads_, head_dim_}).permute({2, 0, 3, 1, 4});
  std::optional<at::Tensor> mask;
  if (keep.defined()) {
    // An utterance without any symbol attends everywhere; its result is masked out afterwards.
    const at::Tensor keys = keep.logical_or(keep.any(1, /*keepdim=*/true).logical_not());
    mask = keys.view({batch, 1, 1, length}).expand({batch, 1, length, length});
  }
  const at::Tensor attended = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], mask);
  const at::Tensor merged = attended.transpose(1, 2).reshape({batch, length, heads_ * head_dim_});
  return (*layer_norm_)(x + (*o_net_)(merged));
}

ConvFeedForward::ConvFeedForward(int64_t dim, int64_t filter, int64_t kernel, Sums sums)
    : sums_(sums) {
  core_ = child<nn::ListOf<nn::Conv1d>>("CoreNet");
  core_->add_named("0", same_conv(dim, filter, kernel));
  core_->add_named("2", same_conv(filter, dim, kernel));
  layer_norm_ = child<nn::LayerNorm>("layer_norm", dim);
}

void ConvFeedForward::loaded() {
  if (path() != nn::Path::kFused) return;
  fused_.clear();
  for (const auto& conv : *core_)
    fused_.emplace_back(conv->weight.detach(), conv->bias.detach(), sums_);
}

/// x + conv(ReLU(conv(x))) on our kernels.
at::Tensor ConvFeedForward::convolve(const at::Tensor& x, const at::Tensor& valid) const {
  RowBatch inner =
      RowBatch::empty(x.size(0), x.size(1), (*core_)[0].options().out, fused_[1].margin());
  fused_[0](RowBatch::copy(x, fused_[0].margin()), inner, /*add=*/false, /*relu=*/true);
  if (valid.defined()) inner.signals().mul_(valid.unsqueeze(2));
  RowBatch sum = RowBatch::copy(x, 0);
  fused_[1](inner, sum, /*add=*/true, /*relu=*/false);
  return sum.signals();
}

at::Tensor ConvFeedForward::operator()(const at::Tensor& x, const at::Tensor& valid) const {
  if (!fused_.empty() && fused(x)) return (*layer_norm_)(convolve(x, valid));
  at::Tensor inner = (*core_)[0](x.transpose(1, 2)).relu_();
  inner = apply_mask(inner, valid, /*channels_first=*/true);
  return (*layer_norm_)(x + (*core_)[1](inner).transpose(1, 2));
}

FftBlock::FftBlock(int64_t dim, const FftConfig& c, Sums sums) {
  dec_attn_ = child<SelfAttention>("dec_attn", dim, c.n_heads, c.d_head);
  pos_ff_ = child<ConvFeedForward>("pos_ff", dim, c.conv1d_filter_size, c.conv1d_kernel_size, sums);
}

at::Tensor FftBlock::operator()(const at::Tensor& x, const Masks& masks, const std::string& name,
                                Blocks* blocks) const {
  const at::Tensor attended = (*dec_attn_)(x, masks.keep);
  const at::Tensor out =
      apply_mask((*pos_ff_)(apply_mask(attended, masks.keep), masks.valid), masks.keep);
  if (blocks != nullptr) (*blocks)[name + ".dec_attn"] = attended, (*blocks)[name] = out;
  return out;
}

FftStack::FftStack(const std::string& name, int64_t dim, const FftConfig& c, int64_t n_symbols)
    : name_(name) {
  if (n_symbols > 0) word_emb_ = child<nn::Embedding>("word_emb", n_symbols, dim);
  pos_emb_ = child<PositionalEmbedding>("pos_emb", dim);
  layers_ = child<nn::ListOf<FftBlock>>("layers");
  const Sums sums = n_symbols > 0 ? Sums::kPlain : Sums::kWinograd;
  for (int64_t i = 0; i < c.n_layers; ++i) layers_->add(dim, c, sums);
}

at::Tensor FftStack::operator()(const at::Tensor& x, const Masks& masks,
                                const at::Tensor& condition, Blocks* blocks) const {
  const at::Tensor positions = (*pos_emb_)(x.size(1)).to(x.scalar_type());
  at::Tensor h = x + apply_mask(positions, masks.keep);
  if (condition.defined()) h = h + condition;
  if (blocks != nullptr) (*blocks)[name_ + ".embedded"] = h;
  for (size_t i = 0; i < layers_->size(); ++i)
    h = (*layers_)[i](h, masks, fmt::format("{}.layers.{}", name_, i), blocks);
  return h;
}

PredictorLayer::PredictorLayer(int64_t in, int64_t filter, int64_t kernel) {
  conv_ = child<nn::Conv1d>("conv", same_conv(in, filter, kernel));
  norm_ = child<nn::LayerNorm>("norm", filter);
}

at::Tensor PredictorLayer::operator()(const at::Tensor& x) const {
  return (*norm_)((*conv_)(x.transpose(1, 2)).relu_().transpose(1, 2));
}

Predictor::Predictor(int64_t in, const PredictorConfig& c) {
  layers_ = child<nn::ListOf<PredictorLayer>>("layers");
  for (int64_t i = 0; i < c.n_layers; ++i)
    layers_->add(i == 0 ? in : c.filter_size, c.filter_size, c.kernel_size);
  fc_ = child<nn::Linear>("fc", c.filter_size, 1);
}

at::Tensor Predictor::operator()(const at::Tensor& x, const Masks& masks) const {
  at::Tensor h = apply_mask(x.to(fc_->weight.scalar_type()), masks.keep);
  for (const auto& layer : *layers_) h = apply_mask((*layer)(h), masks.valid);
  return apply_mask((*fc_)(h), masks.keep);
}

}  // namespace vl::models::fastpitch
