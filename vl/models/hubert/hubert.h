#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::hubert {

/// Sizes of a HuBERT-base network (Hsu et al. 2021); the defaults are hubert_base / ContentVec.
struct HubertConfig {
  int64_t layers = 12, dim = 768, heads = 12, ffn = 3072;
  int64_t conv_channels = 512;
  std::vector<int64_t> conv_kernels = {10, 3, 3, 3, 3, 2, 2};
  std::vector<int64_t> conv_strides = {5, 2, 2, 2, 2, 2, 2};
  int64_t pos_kernel = 128, pos_groups = 16;
  int64_t proj = 256;  ///< width of final_proj; 0: the file has none
};

void describe(HubertConfig& config, Fields& fields);
/// @throws Error(kUnsupportedVariant) when the sizes contradict each other
void validate(const HubertConfig& config);

/// One block of the convolutional front end: "0" convolution, in the first block "2" GroupNorm
/// with one channel a group over all time; exact GELU.
class ConvBlock : public nn::Module {
 public:
  ConvBlock(const nn::Conv1dOptions& options, bool norm);
  at::Tensor operator()(const at::Tensor& x) const;

  /// Weight and bias of the convolution that does this block's convolution and norm on x [1, 1, T]:
  /// the norm's mean and variance over all time follow from the second moments of x's windows.
  std::pair<at::Tensor, at::Tensor> normalised(const at::Tensor& x) const;
  /// The block with that weight and bias, on a part of x.
  at::Tensor apply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const;

 private:
  std::shared_ptr<nn::Conv1d> conv_;
  std::shared_ptr<nn::GroupNorm> norm_;
};

class FeatureExtractor : public nn::Module {
 public:
  explicit FeatureExtractor(const HubertConfig& config);
  /// x [B, 1, T] -> [B, conv_channels, F]
  at::Tensor operator()(const at::Tensor& x, Taps* taps) const;

 private:
  at::Tensor reference(const at::Tensor& x, Taps* taps) const;
  at::Tensor in_parts(const at::Tensor& x, Taps* taps) const;

  int64_t window_ = 1, hop_ = 1;  // samples of one frame, between two frames
  std::shared_ptr<nn::ListOf<ConvBlock>> conv_layers_;
};

class SelfAttention : public nn::Module {
 public:
  SelfAttention(int64_t dim, int64_t heads);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  int64_t heads_;
  std::shared_ptr<nn::Linear> k_, v_, q_, out_;
};

/// A post-norm transformer layer. x [B, F, dim].
class Layer : public nn::Module {
 public:
  explicit Layer(const HubertConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<SelfAttention> attention_;
  std::shared_ptr<nn::LayerNorm> attention_norm_, final_norm_;
  std::shared_ptr<nn::Linear> fc1_, fc2_;
};

class Encoder : public nn::Module {
 public:
  explicit Encoder(const HubertConfig& config);
  /// Positional convolution, sum and LayerNorm. x [B, F, dim].
  at::Tensor embed(const at::Tensor& x) const;
  const nn::ListOf<Layer>& layers() const { return *layers_; }

 private:
  std::shared_ptr<nn::ListOf<nn::Conv1d>> pos_conv_;
  std::shared_ptr<nn::ListOf<Layer>> layers_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

/// HuBERT as RVC uses it: features of one transformer layer. Keys are fairseq's, weight norm
/// folded.
class Hubert : public nn::Module {
 public:
  explicit Hubert(const HubertConfig& config);
  const HubertConfig& config() const { return config_; }

  /// Outputs of the layers 1..count; earlier ones are cheap to keep, later ones are not computed.
  /// @param wave [B, T] at 16 kHz in [-1, 1], not normalised
  /// @return `count` tensors [B, F, dim], F = (T - 400) / 320 + 1 (integer division)
  /// @throws Error(kBadValue) when the wave is too short for one frame or count is above `layers`
  std::vector<at::Tensor> layers(const at::Tensor& wave, int64_t count, Taps* taps = nullptr) const;

  /// Output of layer `layer` (counted from 1): 12 for RVC v2, 9 (then project) for v1.
  at::Tensor features(const at::Tensor& wave, int64_t layer) const;

  /// final_proj. x [B, F, dim] -> [B, F, proj]. @throws Error(kUnsupportedVariant) without it
  at::Tensor project(const at::Tensor& x) const;

  /// Samples that give one frame: 400 for the public stack.
  int64_t min_samples() const;

 private:
  HubertConfig config_;
  std::shared_ptr<FeatureExtractor> feature_extractor_;
  std::shared_ptr<nn::LayerNorm> layer_norm_;
  std::shared_ptr<nn::Linear> post_extract_proj_, final_proj_;
  std::shared_ptr<Encoder> encoder_;
};

/// Role "content", arch "hubert": fairseq files ({"model": ...}), transformers weights (with or
/// without the prefix "hubert."), fills with a manifest.
ModelClass hubert_class();

}  // namespace vl::models::hubert
