#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "vl/models/fastpitch/config.h"
#include "vl/nn/channels_last_conv1d.h"
#include "vl/nn/layers.h"
#include "vl/nn/module.h"

namespace vl::models::fastpitch {

/// Intermediate tensors by the names of the parity data; a null pointer records nothing.
using Blocks = std::map<std::string, at::Tensor>;

/// Which places of a batch count. An undefined tensor means all of them.
struct Masks {
  at::Tensor keep =
      {};  ///< [B, T] bool: attended places, not zeroed after a block (holes are false)
  at::Tensor valid = {};  ///< [B, T] bool: places inside the utterance (holes are true); undefined
                          ///< in the padded mode of the reference, which reads what padding holds
};

/// x [B, T, C] (or [B, C, T] with `channels_first`) times the mask [B, T]; x itself when the mask
/// is undefined.
at::Tensor apply_mask(const at::Tensor& x, const at::Tensor& mask, bool channels_first = false);

/// Sinusoidal positions: [sin(p f) | cos(p f)] with the frequencies of the checkpoint.
class PositionalEmbedding : public nn::Module {
 public:
  explicit PositionalEmbedding(int64_t dim);
  /// @return [1, T, dim] float32, p from 0
  at::Tensor operator()(int64_t length) const;
  at::Tensor inv_freq;  ///< [dim / 2], a buffer of the file
};

/// Post-norm multi-head self-attention of the FastPitch encoder and decoder (Lancucki 2021).
class SelfAttention : public nn::Module {
 public:
  SelfAttention(int64_t dim, int64_t heads, int64_t head_dim);
  /// LayerNorm(x + o(softmax(q k / sqrt(d_head)) v)).
  /// @param x [B, T, dim]; keep [B, T] bool or undefined: keys that are attended
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& keep) const;

 private:
  int64_t heads_, head_dim_;
  std::shared_ptr<nn::Linear> qkv_net_, o_net_;
  std::shared_ptr<nn::LayerNorm> layer_norm_;
};

/// LayerNorm(x + conv(ReLU(conv(x)))) along time.
class ConvFeedForward : public nn::Module {
 public:
  /// @param sums how the fast path adds; the error of durations is that of the encoder, which
  /// therefore takes plain sums
  ConvFeedForward(int64_t dim, int64_t filter, int64_t kernel, nn::ChannelsLastConv1d::Sums sums);
  /// @param x [B, T, dim]; valid [B, T] bool or undefined: places whose inner activation is kept
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& valid) const;

  void loaded() override;

 private:
  void unload() override { fused_.clear(); }
  at::Tensor convolve(const at::Tensor& x, const at::Tensor& valid) const;

  nn::ChannelsLastConv1d::Sums sums_;
  std::vector<nn::ChannelsLastConv1d> fused_;  ///< both convolutions, or none
  std::shared_ptr<nn::ListOf<nn::Conv1d>> core_;
  std::shared_ptr<nn::LayerNorm> layer_norm_;
};

class FftBlock : public nn::Module {
 public:
  FftBlock(int64_t dim, const FftConfig& config, nn::ChannelsLastConv1d::Sums sums);
  /// x [B, T, dim] to [B, T, dim]; records NAME.dec_attn (before the mask) and NAME (after it).
  at::Tensor operator()(const at::Tensor& x, const Masks& masks, const std::string& name,
                        Blocks* blocks) const;

 private:
  std::shared_ptr<SelfAttention> dec_attn_;
  std::shared_ptr<ConvFeedForward> pos_ff_;
};

/// The encoder (with `n_symbols` > 0, which adds word_emb) or the decoder (0).
class FftStack : public nn::Module {
 public:
  FftStack(const std::string& name, int64_t dim, const FftConfig& config, int64_t n_symbols = 0);
  /// @param ids [B, T] int64 inside the table
  /// @return [B, T, dim]
  at::Tensor embed(const at::Tensor& ids) const { return (*word_emb_)(ids); }
  /// Adds positions and `condition` ([B or 1, 1, dim], or undefined), then all blocks.
  /// @param x [B, T, dim]
  at::Tensor operator()(const at::Tensor& x, const Masks& masks, const at::Tensor& condition,
                        Blocks* blocks) const;

 private:
  std::string name_;
  std::shared_ptr<nn::Embedding> word_emb_;
  std::shared_ptr<PositionalEmbedding> pos_emb_;
  std::shared_ptr<nn::ListOf<FftBlock>> layers_;
};

class PredictorLayer : public nn::Module {
 public:
  PredictorLayer(int64_t in, int64_t filter, int64_t kernel);
  /// LayerNorm(ReLU(conv(x))), x [B, T, in] to [B, T, filter].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::Conv1d> conv_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

/// Temporal predictor of one value a symbol: duration, pitch or energy.
class Predictor : public nn::Module {
 public:
  Predictor(int64_t in, const PredictorConfig& config);
  /// Runs in the dtype of its own weights, whatever that of x.
  /// @param x [B, T, in]
  /// @return [B, T, 1], zero where masks.keep is false
  at::Tensor operator()(const at::Tensor& x, const Masks& masks) const;

 private:
  std::shared_ptr<nn::ListOf<PredictorLayer>> layers_;
  std::shared_ptr<nn::Linear> fc_;
};

}  // namespace vl::models::fastpitch
