#include "vl/models/vallex/layers.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/weights/mapped_pages.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kTableRows = 4000;
constexpr double kEps = 1e-5;

/// [B, T, dim] -> [B, heads, T, dim / heads]
at::Tensor split_heads(const at::Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor merge_heads(const at::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), -1});
}

at::Tensor from_row(const at::Tensor& x, int64_t dim, int64_t first) {
  return first == 0 ? x : x.narrow(dim, first, x.size(dim) - first);
}

/// The two halves of a prefix LM, from row `first` on: rows of the prefix need no mask at all.
at::Tensor prefix_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            int64_t prefix, int64_t first) {
  const int64_t rows = q.size(2), start = std::max(prefix, first);
  const at::Tensor seen = at::ones({rows - start, rows}, q.options().dtype(at::kBool)).tril(start);
  const at::Tensor tail = at::scaled_dot_product_attention(from_row(q, 2, start), k, v, seen);
  if (first >= prefix) return tail;
  const at::Tensor head = at::scaled_dot_product_attention(
      q.narrow(2, first, prefix - first), k.narrow(2, 0, prefix), v.narrow(2, 0, prefix));
  return at::cat({head, tail}, 2);
}

}  // namespace

TokenEmbedding::TokenEmbedding(int64_t rows, int64_t dim) {
  table_ = child<nn::Embedding>("word_embeddings", rows, dim);
}

at::Tensor position_rows(int64_t start, int64_t count, int64_t dim) {
  const at::Tensor p = at::arange(start, start + count, at::kFloat).unsqueeze(1);
  const at::Tensor rate =
      (at::arange(0, dim, 2, at::kFloat) * -(std::log(10000.0) / static_cast<double>(dim))).exp();
  const at::Tensor angle = p * rate;
  return at::stack({angle.sin(), angle.cos()}, 2).reshape({count, dim});
}

Position::Position(int64_t dim) : table_(position_rows(0, kTableRows, dim)) {
  alpha_ = parameter("alpha", {1});
}

at::Tensor Position::operator()(const at::Tensor& x, int64_t start) const {
  const int64_t count = x.size(-2);
  const at::Tensor rows = start + count <= table_.size(0)
                              ? table_.narrow(0, start, count)
                              : position_rows(start, count, table_.size(1));
  return x + alpha_ * rows.to(x.options());
}

Norm::Norm(int64_t dim, bool adaptive) {
  if (adaptive) {
    project_ = child<nn::Linear>("project_layer", dim, 2 * dim);
    norm_ = child<nn::LayerNorm>("norm", dim);
  } else {
    weight_ = parameter("weight", {dim});
    bias_ = parameter("bias", {dim});
  }
}

NormWeights Norm::resolve(const at::Tensor& stage) const {
  if (!project_) return {weight_, bias_};
  const std::vector<at::Tensor> halves = (*project_)(stage).chunk(2, -1);
  return {halves[0] * norm_->weight, halves[0] * norm_->bias + halves[1]};
}

void Norm::release() {
  if (!project_) return;
  const at::Tensor weight = project_->weight.detach();
  project_->weight.set_data(at::empty({0}));
  weights::release_pages(weight.const_data_ptr(), weight.nbytes());
}

at::Tensor apply_norm(const NormWeights& norm, const at::Tensor& x) {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, kEps);
}

SelfAttention::SelfAttention(int64_t dim) {
  const at::Tensor weight = parameter("in_proj_weight", {3 * dim, dim});
  in_ = {weight, parameter("in_proj_bias", {3 * dim})};
  const auto out = child<nn::Linear>("out_proj", dim, dim);
  out_ = {out->weight, out->bias};
}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const Sight& sight,
                                     LayerCache* cache) const {
  const std::vector<at::Tensor> qkv = in_(x).chunk(3, -1);
  const at::Tensor q = split_heads(qkv[0], sight.heads);
  at::Tensor k = split_heads(qkv[1], sight.heads), v = split_heads(qkv[2], sight.heads);
  if (cache != nullptr) {
    cache->keys.narrow(2, sight.cached, x.size(1)).copy_(k);
    cache->values.narrow(2, sight.cached, x.size(1)).copy_(v);
    if (sight.cached > 0) {
      k = cache->keys.narrow(2, 0, sight.cached + x.size(1)).to(q.scalar_type());
      v = cache->values.narrow(2, 0, sight.cached + x.size(1)).to(q.scalar_type());
    }
  }
  const at::Tensor y = sight.prefix >= 0
                           ? prefix_attention(q, k, v, sight.prefix, sight.first)
                           : at::scaled_dot_product_attention(from_row(q, 2, sight.first), k, v);
  return out_(merge_heads(y));
}

void SelfAttention::set_precision(nn::Precision precision) {
  in_.store(precision);
  out_.store(precision);
}

Layer::Layer(int64_t dim, int64_t ffn, bool adaptive) {
  attention_ = child<SelfAttention>("self_attn", dim);
  const auto up = child<nn::Linear>("linear1", dim, ffn);
  const auto down = child<nn::Linear>("linear2", ffn, dim);
  linear1_ = {up->weight, up->bias};
  linear2_ = {down->weight, down->bias};
  norm1_ = child<Norm>("norm1", dim, adaptive);
  norm2_ = child<Norm>("norm2", dim, adaptive);
}

at::Tensor Layer::operator()(const at::Tensor& x, const NormWeights& norm1,
                             const NormWeights& norm2, const Sight& sight,
                             LayerCache* cache) const {
  const at::Tensor y =
      from_row(x, 1, sight.first) + (*attention_)(apply_norm(norm1, x), sight, cache);
  return y + linear2_(linear1_(apply_norm(norm2, y)).relu_());
}

void Layer::set_precision(nn::Precision precision) {
  attention_->set_precision(precision);
  norm1_->release();
  norm2_->release();
  linear1_.store(precision);
  linear2_.store(precision);
}

Decoder::Decoder(int64_t layers, int64_t dim, int64_t ffn, bool adaptive) {
  layers_ = child<nn::ListOf<Layer>>("layers");
  for (int64_t i = 0; i < layers; ++i) layers_->add(dim, ffn, adaptive);
  norm_ = child<Norm>("norm", dim, adaptive);
}

std::vector<NormWeights> Decoder::norms(const at::Tensor& stage) const {
  std::vector<NormWeights> out;
  for (size_t i = 0; i < size(); ++i) {
    out.push_back(layer(i).norm1().resolve(stage));
    out.push_back(layer(i).norm2().resolve(stage));
  }
  out.push_back(norm_->resolve(stage));
  return out;
}

void Decoder::set_precision(nn::Precision precision) {
  for (const auto& module : layers_->children())
    std::dynamic_pointer_cast<Layer>(module)->set_precision(precision);
  norm_->release();
}

}  // namespace vl::models::vallex
