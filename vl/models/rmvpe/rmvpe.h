#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::rmvpe {

/// Sizes of RMVPE (Wei et al. 2023); the defaults are those of rmvpe.pt.
struct RmvpeConfig {
  int64_t levels = 5, blocks = 4;  ///< encoder and decoder levels, residual blocks in each
  int64_t inter_layers = 4;        ///< levels of `blocks` blocks between encoder and decoder
  int64_t base_channels = 16;      ///< of the first level; every further one doubles them
  int64_t in_channels = 1, out_channels = 3;
  int64_t n_mels = 128;
  int64_t gru_hidden = 256, gru_layers = 1;
  int64_t bins = 360;
};

void describe(RmvpeConfig& config, Fields& fields);
/// @throws Error(kUnsupportedVariant) when the sizes contradict each other
void validate(const RmvpeConfig& config);

/// conv 3x3, BN, ReLU, conv 3x3, BN, ReLU (children conv.0, 1, 3, 4), plus the input or its 1x1
/// shortcut.
class ResidualBlock : public nn::Module {
 public:
  ResidualBlock(int64_t in, int64_t out);
  at::Tensor operator()(const at::Tensor& x) const;
  void loaded() override;

 private:
  void unload() override { folded0_ = folded3_ = {}; }

  std::pair<at::Tensor, at::Tensor> folded0_, folded3_;  // with their norms
  std::shared_ptr<nn::Conv2d> conv0_, conv3_, shortcut_;
  std::shared_ptr<nn::BatchNorm> norm1_, norm4_;
};

using Blocks = nn::ListOf<ResidualBlock>;

/// Residual blocks under the key "conv".
class EncoderLevel : public nn::Module {
 public:
  EncoderLevel(int64_t in, int64_t out, int64_t blocks);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<Blocks> conv_;
};

class Encoder : public nn::Module {
 public:
  explicit Encoder(const RmvpeConfig& config);
  /// x [B, in, T, n_mels]; `skips` receives the result of every level before its 2x2 average
  /// pooling.
  at::Tensor operator()(const at::Tensor& x, std::vector<at::Tensor>& skips, Taps* taps) const;

 private:
  std::shared_ptr<nn::BatchNorm> bn_;
  std::shared_ptr<nn::ListOf<EncoderLevel>> layers_;
};

class Intermediate : public nn::Module {
 public:
  explicit Intermediate(const RmvpeConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::ListOf<EncoderLevel>> layers_;
};

/// Transposed convolution (stride 2), BN, ReLU (conv1.0, conv1.1), concatenation with the skip,
/// residual blocks (conv2).
class DecoderLevel : public nn::Module {
 public:
  DecoderLevel(int64_t in, int64_t out, int64_t blocks);
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& skip) const;
  void loaded() override;

 private:
  void unload() override { folded_ = {}; }

  at::Tensor upsample(const at::Tensor& x) const;

  std::pair<at::Tensor, at::Tensor> folded_;  // the transposed convolution with its norm
  std::shared_ptr<nn::ConvTranspose2d> up_;
  std::shared_ptr<nn::BatchNorm> norm_;
  std::shared_ptr<Blocks> conv2_;
};

class Decoder : public nn::Module {
 public:
  explicit Decoder(const RmvpeConfig& config);
  at::Tensor operator()(const at::Tensor& x, const std::vector<at::Tensor>& skips,
                        Taps* taps) const;

 private:
  std::shared_ptr<nn::ListOf<DecoderLevel>> layers_;
};

class Unet : public nn::Module {
 public:
  explicit Unet(const RmvpeConfig& config);
  at::Tensor operator()(const at::Tensor& x, Taps* taps) const;

 private:
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Intermediate> intermediate_;
  std::shared_ptr<Decoder> decoder_;
};

/// Pitch salience from log-mel frames (the mel is dsp::rmvpe_mel, the decoding
/// dsp::f0_from_salience).
class Rmvpe : public nn::Module {
 public:
  explicit Rmvpe(const RmvpeConfig& config);
  const RmvpeConfig& config() const { return config_; }

  /// @param mel [B, n_mels, T] natural log; padded here with zeros to a multiple of 2^levels frames
  /// @return [B, T, bins] in (0, 1)
  /// @throws Error(kBadValue) when the mel has another width or no frame
  at::Tensor salience(const at::Tensor& mel, Taps* taps = nullptr) const;

 private:
  RmvpeConfig config_;
  std::shared_ptr<Unet> unet_;
  std::shared_ptr<nn::Conv2d> cnn_;
  std::shared_ptr<nn::Rnn> gru_;
  std::shared_ptr<nn::Linear> linear_;
};

/// Role "f0", arch "rmvpe": a plain dictionary of tensors (also below "model").
ModelClass rmvpe_class();

}  // namespace vl::models::rmvpe
