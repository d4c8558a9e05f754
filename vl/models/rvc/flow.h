#pragma once

#include <memory>

#include "vl/models/rvc/config.h"
#include "vl/models/rvc/fused_coupling.h"
#include "vl/nn/layers.h"

namespace vl::models::rvc {

/// Gated convolutions conditioned on the speaker (WaveNet as in Glow-TTS), dilation 1, key "enc".
class GatedStack : public nn::Module {
 public:
  explicit GatedStack(const RvcConfig& config);
  /// The speaker's part of every layer. g [B, gin, 1] -> [B, 2 * hidden * layers, 1]
  at::Tensor condition(const at::Tensor& g) const { return (*cond_layer_)(g); }
  /// h [B, hidden, T], g [B, gin, 1] -> [B, hidden, T]
  at::Tensor operator()(const at::Tensor& h, const at::Tensor& g) const;

 private:
  int64_t hidden_;
  std::shared_ptr<nn::ListOf<nn::Conv1d>> in_layers_, res_skip_layers_;
  std::shared_ptr<nn::Conv1d> cond_layer_;
};

/// Mean-only affine coupling, run backwards.
class Coupling : public nn::Module {
 public:
  explicit Coupling(const RvcConfig& config);
  at::Tensor inverse(const at::Tensor& x, const at::Tensor& g) const;
  void loaded() override;

 private:
  void unload() override { fused_.reset(); }

  RvcConfig config_;
  std::shared_ptr<nn::Conv1d> pre_, post_;
  std::shared_ptr<GatedStack> enc_;
  std::unique_ptr<FusedCoupling> fused_;
};

/// Four couplings at "flows.0/2/4/6" with channel flips between them, key "flow".
class Flow : public nn::Module {
 public:
  explicit Flow(const RvcConfig& config);
  /// Frames at each side that a frame of the result depends on; 24 for the public sizes.
  static int64_t reach(const RvcConfig& config);
  /// From the prior's sample to the decoder's latent. x [B, inter, T], g [B, gin, 1].
  at::Tensor inverse(const at::Tensor& x, const at::Tensor& g) const;

 private:
  std::shared_ptr<nn::ListOf<Coupling>> flows_;
};

}  // namespace vl::models::rvc
