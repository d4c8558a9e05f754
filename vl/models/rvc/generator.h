#pragma once

#include <memory>

#include "vl/models/rvc/config.h"
#include "vl/models/taps.h"
#include "vl/nn/fused_upsampler.h"
#include "vl/nn/layers.h"

namespace vl::models::rvc {

/// Sine of the fundamental plus noise before the linear layer (NSF, Wang et al. 2019; RVC's
/// "classic" phase: every frame starts where the one before ended, modulo 1).
/// @param f0 [B, F] Hz, 0 where unvoiced
/// @param noise [B, F * hop, 1] normal draws
/// @param start_turn phase before the first sample, in turns
/// @return [B, F * hop, 1] in noise's dtype; the phase is float64
at::Tensor sine_excitation(const at::Tensor& f0, const at::Tensor& noise, int64_t hop,
                           int64_t sample_rate, double start_turn = 0);

/// Phase after the last frame of sine_excitation, in turns [0, 1): what the next piece of the same
/// curve starts with.
/// @param f0 [1, F] Hz, F may be 0
double end_turn(const at::Tensor& f0, int64_t hop, int64_t sample_rate, double start_turn = 0);

/// "m_source": the learned scale and offset of the excitation.
class Source : public nn::Module {
 public:
  Source();
  at::Tensor operator()(const at::Tensor& sine) const;

 private:
  std::shared_ptr<nn::Linear> l_linear_;
};

/// HiFi-GAN residual block 1: for every dilation x += conv(lrelu(conv_dilated(lrelu(x)))).
class ResidualBlock : public nn::Module {
 public:
  ResidualBlock(int64_t channels, int64_t kernel, const std::vector<int64_t>& dilations);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::ListOf<nn::Conv1d>> convs1_, convs2_;
};

/// NSF-HiFi-GAN decoder, key "dec".
class Generator : public nn::Module {
 public:
  explicit Generator(const RvcConfig& config);

  /// Excitation signal [B, F * hop, 1]; models with f0 only.
  at::Tensor excitation(const at::Tensor& f0, const at::Tensor& noise, double start_turn = 0) const;

  /// Frames at each side that the samples of a frame depend on; 11 or 12 for the public sizes.
  static int64_t reach(const RvcConfig& config);

  /// Samples of the frames begin .. end - 1 of z.
  /// @param z [B, inter, F]
  /// @param har [B, 1, F * hop], undefined for models without f0
  /// @param g [B, gin, 1]
  /// @param taps conv_pre, upsI, stageI over the rows that were computed
  /// @return [B, 1, (end - begin) * hop] in [-1, 1]
  at::Tensor operator()(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                        int64_t begin, int64_t end, Taps* taps) const;

  void loaded() override;

 private:
  void unload() override { fused_.reset(); }
  at::Tensor reference(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                       Taps* taps) const;
  at::Tensor stage(size_t i, const at::Tensor& x, const at::Tensor& har, Taps* taps) const;

  RvcConfig config_;
  int64_t hop_, sample_rate_;
  size_t kernels_;  // residual blocks a stage
  std::shared_ptr<Source> m_source_;
  std::shared_ptr<nn::Conv1d> conv_pre_, conv_post_, cond_;
  std::shared_ptr<nn::ListOf<nn::Conv1d>> noise_convs_;
  std::shared_ptr<nn::ListOf<nn::ConvTranspose1d>> ups_;
  std::shared_ptr<nn::ListOf<ResidualBlock>> resblocks_;
  std::unique_ptr<nn::FusedUpsampler> fused_;
};

}  // namespace vl::models::rvc
