#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "vl/models/hifigan/config.h"
#include "vl/nn/fused_upsampler.h"
#include "vl/nn/layers.h"
#include "vl/nn/module.h"

namespace vl::models::hifigan {

/// Intermediate tensors by the names of the parity data; a null pointer records nothing.
using Blocks = std::map<std::string, at::Tensor>;

/// Residual block of kind 1 (pairs of convolutions, keys convs1 and convs2) or 2 (single ones, key
/// convs).
class ResBlock : public nn::Module {
 public:
  ResBlock(const std::string& kind, int64_t channels, int64_t kernel,
           const std::vector<int64_t>& dilations);
  /// x [B, C, T] to [B, C, T].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::ListOf<nn::Conv1d>> convs1_, convs2_;  ///< convs2_ is null in kind 2
};

/// HiFi-GAN generator (Kong et al. 2020), V1, V2 and V3, with folded weight norm. Keys are the flat
/// ones of the authors' code: conv_pre, ups.I, resblocks.N, conv_post. The fast path computes the
/// utterances of a batch one after another, each on all threads: an utterance has the same bits
/// alone and in a batch, and memory does not grow with either.
class Generator : public nn::Module {
 public:
  /// @throws Error(kUnsupportedVariant), see check_config
  explicit Generator(const HifiganConfig& config);

  /// @param mel [B, num_mels, F], natural log of the HiFi-GAN or FastPitch front end
  /// @param blocks null, or receives every block's output; residual blocks under resblocks.N and
  /// under resblocks.STAGE.J, the names of both public classes; asking for them takes the reference
  /// path
  /// @return [B, 1, samples_per_frame F] float32 in (-1, 1)
  /// @throws Error(kBadValue) for another number of mel bins, NaN or infinity
  at::Tensor forward(const at::Tensor& mel, Blocks* blocks = nullptr) const;

  const HifiganConfig& config() const { return config_; }

  void loaded() override;

 private:
  void unload() override { fused_.reset(); }
  at::Tensor reference(const at::Tensor& mel, Blocks* blocks) const;
  at::Tensor stage(size_t index, const at::Tensor& x, Blocks* blocks) const;

  HifiganConfig config_;
  std::shared_ptr<nn::Conv1d> conv_pre_, conv_post_;
  std::shared_ptr<nn::ListOf<nn::ConvTranspose1d>> ups_;
  std::shared_ptr<nn::ListOf<ResBlock>> resblocks_;
  std::unique_ptr<nn::FusedUpsampler> fused_;
};

/// The samples of the frames [first, first + count) alone: the frames around them that they depend
/// on are run with them and cut off, so that spans joined together equal one pass.
/// @param mel [B, num_mels, F]
/// @return [B, 1, samples_per_frame count]
/// @throws Error(kBadValue) when the frames are not all inside the mel
at::Tensor vocode_span(const Generator& generator, const at::Tensor& mel, int64_t first,
                       int64_t count);

/// The whole mel in spans of `chunk_frames` frames (> 0): memory stays bounded.
at::Tensor vocode_chunked(const Generator& generator, const at::Tensor& mel, int64_t chunk_frames);

}  // namespace vl::models::hifigan
