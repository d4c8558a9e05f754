#pragma once

#include <array>
#include <memory>

#include "vl/nn/layers.h"

namespace vl::models::wav2lip {

struct BlockOptions {
  int64_t in, out;
  std::array<int64_t, 2> kernel = {3, 3}, stride = {1, 1}, padding = {1, 1};
  bool residual = false;
};

/// Conv2d, BatchNorm, plus the input where `residual`, ReLU. Keys conv_block.0.*, conv_block.1.*.
/// After loading, the BatchNorm is folded into the convolution: weight * s per output channel, bias
/// (b - mean) * s + beta, s = gamma / sqrt(var + eps).
class ConvBlock : public nn::Module {
 public:
  explicit ConvBlock(const BlockOptions& options);
  /// Folds. @throws Error(kBadWeights) for a negative variance
  void loaded() override;
  at::Tensor operator()(const at::Tensor& x) const;
  const at::Tensor& folded_weight() const { return weight_; }
  const at::Tensor& folded_bias() const { return bias_; }

 private:
  BlockOptions o_;
  std::shared_ptr<nn::Conv2d> conv_;
  std::shared_ptr<nn::BatchNorm> norm_;
  at::Tensor weight_, bias_;
};

/// The same with a transposed convolution (folded over dimension 1), without a residual.
class TransposeBlock : public nn::Module {
 public:
  TransposeBlock(const BlockOptions& options, int64_t output_padding);
  void loaded() override;
  at::Tensor operator()(const at::Tensor& x) const;
  const at::Tensor& folded_weight() const { return weight_; }
  const at::Tensor& folded_bias() const { return bias_; }

 private:
  BlockOptions o_;
  int64_t output_padding_;
  std::shared_ptr<nn::ConvTranspose2d> conv_;
  std::shared_ptr<nn::BatchNorm> norm_;
  at::Tensor weight_, bias_;
};

}  // namespace vl::models::wav2lip
