#pragma once

#include <array>
#include <memory>
#include <vector>

#include "vl/nn/fused_conv2d.h"
#include "vl/nn/layers.h"

namespace vl::models::wav2lip {

struct BlockOptions {
  int64_t in, out;
  std::array<int64_t, 2> kernel = {3, 3}, stride = {1, 1}, padding = {1, 1};
  bool residual = false;
  int64_t side = 0;                 ///< least of the result's height and width
  bool narrow = false;              ///< the input is a picture or a mel
  std::vector<int64_t> parts = {};  ///< channels of the concatenated maps that are the input
  bool prelu = false;               ///< instead of ReLU: one slope, key act.weight
};

/// A convolution and its BatchNorm, keys conv_block.0.*, conv_block.1.*. At inference the BatchNorm
/// is folded into the convolution: weight * s per output channel, bias (b - mean) * s + beta, s =
/// gamma / sqrt(var + eps). The fast path keeps only the packed form of that.
class NormedConv : public nn::Module {
 public:
  /// Folds and packs. @throws Error(kBadWeights) for a negative variance
  void loaded() override;
  at::Tensor folded_weight() const;
  const at::Tensor& folded_bias() const { return bias_; }
  /// Whether run() may be called.
  bool packed() const { return fused_ != nullptr; }

 protected:
  /// @param out_dim the dimension of the weight that is its output
  NormedConv(BlockOptions options, int64_t out_dim);
  void unload() override;
  /// ReLU or PReLU; changes y where it can.
  at::Tensor activate(at::Tensor y) const;
  /// Whether the convolution of the fast path includes the activation.
  bool relu() const { return !slope_.defined(); }
  /// On the fast path what relu() leaves out, in place.
  const nn::FeatureMap& finish(const nn::FeatureMap& y) const;

  BlockOptions o_;
  at::Tensor conv_weight_, conv_bias_;  ///< the convolution's parameters
  std::shared_ptr<nn::BatchNorm> norm_;
  std::unique_ptr<nn::FusedConv2d> fused_;

 private:
  at::Tensor scale() const;

  int64_t out_dim_;
  at::Tensor slope_;  // of PReLU
  double slope_value_ = 0;
  at::Tensor weight_, bias_;  // the folded ones; no weight where it is packed
};

/// Conv2d, BatchNorm, plus the input where `residual`, activation.
class ConvBlock : public NormedConv {
 public:
  explicit ConvBlock(const BlockOptions& options);
  at::Tensor operator()(const at::Tensor& x) const;
  nn::FeatureMap operator()(const nn::FeatureMap& x) const;
  /// Into a given map, which may be a part of another.
  void run(const nn::FeatureMap& x, const nn::FeatureMap& y) const;
};

/// ConvTranspose2d, BatchNorm, activation.
class TransposeBlock : public NormedConv {
 public:
  /// With stride 1 the input is of one pixel.
  TransposeBlock(const BlockOptions& options, int64_t output_padding);
  at::Tensor operator()(const at::Tensor& x) const;
  nn::FeatureMap operator()(const nn::FeatureMap& x) const;

 private:
  int64_t output_padding_;
};

}  // namespace vl::models::wav2lip
