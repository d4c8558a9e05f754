#pragma once

#include <memory>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::vocos {

/// Sizes of a Vocos for EnCodec codes (Siuzdak 2023); the defaults are vocos-encodec-24khz.
struct VocosConfig {
  int64_t features = 128;  ///< width of a codebook entry
  int64_t dim = 384, inner = 1152, layers = 8;
  int64_t bandwidths = 4;  ///< ids 0..3: 1.5, 3, 6, 12 kbps
  int64_t codebooks = 16, codebook_size = 1024;
  int64_t n_fft = 1280, hop = 320;
};

void describe(VocosConfig& config, Fields& fields);
/// @throws Error(kUnsupportedVariant) when the sizes contradict each other
void validate(const VocosConfig& config);

/// LayerNorm without affine part, eps 1e-6, times scale[id] plus shift[id].
class AdaNorm : public nn::Module {
 public:
  AdaNorm(int64_t ids, int64_t dim);
  /// x [B, T, dim]
  at::Tensor operator()(const at::Tensor& x, int64_t id) const;

 private:
  std::shared_ptr<nn::Embedding> scale_, shift_;
};

/// ConvNeXt block: depthwise convolution, AdaNorm, two linear maps around an exact GELU, gamma.
class ConvNext : public nn::Module {
 public:
  explicit ConvNext(const VocosConfig& config);
  /// x [B, dim, T]
  at::Tensor operator()(const at::Tensor& x, int64_t id) const;

 private:
  std::shared_ptr<nn::Conv1d> dwconv_;
  std::shared_ptr<AdaNorm> norm_;
  std::shared_ptr<nn::Linear> pwconv1_, pwconv2_;
  at::Tensor gamma_;
};

class Backbone : public nn::Module {
 public:
  explicit Backbone(const VocosConfig& config);
  /// x [B, features, T] -> [B, T, dim]
  at::Tensor operator()(const at::Tensor& x, int64_t id, Taps* taps) const;

 private:
  std::shared_ptr<nn::Conv1d> embed_;
  std::shared_ptr<AdaNorm> norm_;
  std::shared_ptr<nn::ListOf<ConvNext>> convnext_;
  std::shared_ptr<nn::LayerNorm> final_norm_;
};

/// Linear map to magnitude and phase, then an inverse STFT whose length is exactly hop a frame.
class Head : public nn::Module {
 public:
  explicit Head(const VocosConfig& config);
  /// x [B, T, dim] -> [B, hop T]
  at::Tensor operator()(const at::Tensor& x, Taps* taps) const;

 private:
  at::Tensor overlap_add(const at::Tensor& frames) const;

  int64_t n_fft_, hop_;
  std::shared_ptr<nn::Linear> out_;
  at::Tensor window_;
};

/// Vocos: EnCodec codes to a wave at 24 kHz. Keys are those of the public state dict.
class Vocos : public nn::Module {
 public:
  explicit Vocos(const VocosConfig& config);
  const VocosConfig& config() const { return config_; }

  /// @param codes [B, K, F] int64, K at most config().codebooks; F >= 1
  /// @param bandwidth_id 0..3; 2 for the 8 books of VALL-E X
  /// @param taps features, embed, norm, convnextI, backbone, head_linear
  /// @return [B, hop F] float32, not clipped
  /// @throws Error(kBadValue) for codes or an id outside their tables
  at::Tensor decode(const at::Tensor& codes, int64_t bandwidth_id, Taps* taps = nullptr) const;

 private:
  VocosConfig config_;
  at::Tensor codebooks_;
  std::shared_ptr<Backbone> backbone_;
  std::shared_ptr<Head> head_;
};

/// Role "vocos", arch "vocos": pytorch_model.bin with config.yaml (as JSON) beside it, and fills.
ModelClass vocos_class();

}  // namespace vl::models::vocos
