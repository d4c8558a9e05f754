#pragma once

#include <memory>

#include "vl/models/rvc/config.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::rvc {

/// Self-attention with learned relative positions within `window` frames (Shaw et al. 2018, as in
/// VITS). Positions outside the window contribute nothing, so only a band of them is computed, in
/// blocks of queries: memory grows with T, not with T^2.
class BandAttention : public nn::Module {
 public:
  explicit BandAttention(const RvcConfig& config);
  /// x [B, hidden, T] -> [B, hidden, T]
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t begin,
                    const at::Tensor& scores_room, const at::Tensor& p_room) const;

  int64_t heads_, window_;
  at::Tensor emb_rel_k_, emb_rel_v_;  // [1, 2 window + 1, hidden / heads], shared by the heads
  std::shared_ptr<nn::Conv1d> conv_q_, conv_k_, conv_v_, conv_o_;
};

class FeedForward : public nn::Module {
 public:
  explicit FeedForward(const RvcConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::Conv1d> conv_1_, conv_2_;
};

/// LayerNorm over the channels of [B, C, T], keys "gamma" and "beta".
class ChannelNorm : public nn::LayerNorm {
 public:
  explicit ChannelNorm(int64_t channels) : nn::LayerNorm(channels, 1e-5, "gamma", "beta") {}
  at::Tensor operator()(const at::Tensor& x) const;
};

/// The post-norm layers, key "encoder".
class EncoderLayers : public nn::Module {
 public:
  explicit EncoderLayers(const RvcConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::ListOf<BandAttention>> attn_layers_;
  std::shared_ptr<nn::ListOf<ChannelNorm>> norm_layers_1_, norm_layers_2_;
  std::shared_ptr<nn::ListOf<FeedForward>> ffn_layers_;
};

struct Prior {
  at::Tensor m, logs;  ///< [B, inter, T]
};

/// Prior of the latent from content features and pitch bins, key "enc_p".
class TextEncoder : public nn::Module {
 public:
  explicit TextEncoder(const RvcConfig& config);
  /// @param phone [B, T, feature_dim]
  /// @param pitch int64 [B, T] in 0..255; undefined for models without f0
  Prior operator()(const at::Tensor& phone, const at::Tensor& pitch, Taps* taps) const;

 private:
  int64_t hidden_;
  std::shared_ptr<nn::Linear> emb_phone_;
  std::shared_ptr<nn::Embedding> emb_pitch_;
  std::shared_ptr<EncoderLayers> encoder_;
  std::shared_ptr<nn::Conv1d> proj_;
};

}  // namespace vl::models::rvc
