#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/fastpitch/blocks.h"
#include "vl/models/fastpitch/config.h"
#include "vl/models/fastpitch/controls.h"
#include "vl/nn/layers.h"
#include "vl/nn/module.h"

namespace vl::models::fastpitch {

/// What is known of an utterance before any mel frame is computed.
struct FastPitchPlan {
  at::Tensor dur = {};    ///< [B, S] float32, predicted frames a symbol before pace
  at::Tensor pitch = {};  ///< [B, 1, S] float32, predicted and transformed, standardised
  at::Tensor energy =
      {};  ///< [B, S] float32, predicted and scaled; undefined without energy conditioning
  at::Tensor repeats =
      {};  ///< [B, S] int64 on the CPU, frames a symbol; may be edited before render()
  at::Tensor mel_lens = {};        ///< [B] int64 on the CPU, row sums of `repeats`
  at::Tensor encoded = {};         ///< [B, S, d], encoder output with pitch and energy added
  bool reference_padding = false;  ///< of the controls, for the decoder
};

struct FastPitchOutput {
  at::Tensor mel =
      {};  ///< [B, n_mels, F] float32, natural log; frames past mel_lens hold proj.bias
  at::Tensor mel_lens = {};                      ///< [B] int64 on the CPU
  at::Tensor dur = {}, pitch = {}, energy = {};  ///< as in FastPitchPlan, whatever the targets
};

/// FastPitch 1.1 (Lancucki 2021): parallel text to mel with explicit duration, pitch and energy.
/// Module names are the keys of the public checkpoint, without `attention`, which only training
/// uses. By default an utterance gives the same result alone and in a padded batch.
class FastPitch : public nn::Module {
 public:
  /// @throws Error(kUnsupportedVariant) for even kernels or an odd embedding size
  explicit FastPitch(const FastPitchConfig& config);

  /// Encoder and predictors only.
  /// @param ids [B, S] int64, padded with config().padding_idx; a padding id inside is a hole
  /// @param blocks null, or receives the encoder's intermediate tensors
  /// @throws Error(kBadValue) for ids or speakers outside their tables, targets of a wrong shape or
  /// value, pace <= 0; Error(kOverLimit) above 2^20 frames; Error(kBadWeights) for durations that
  /// are no numbers
  FastPitchPlan plan(const at::Tensor& ids, const FastPitchControls& controls = {},
                     Blocks* blocks = nullptr) const;

  /// Length regulation and decoder. Zero frames in all give an empty mel.
  FastPitchOutput render(const FastPitchPlan& plan, Blocks* blocks = nullptr) const;

  /// plan(), then render().
  FastPitchOutput infer(const at::Tensor& ids, const FastPitchControls& controls = {},
                        Blocks* blocks = nullptr) const;

  const FastPitchConfig& config() const { return config_; }

  /// The duration predictor is computed in float64: exp() of its output decides frame counts, and
  /// in float32 they would follow the order in which a CPU's library adds.
  void loaded() override;

 private:
  void check_call(const at::Tensor& ids, const FastPitchControls& controls) const;
  FastPitchPlan empty_plan(int64_t batch, int64_t symbols) const;
  at::Tensor add_pitch(const at::Tensor& h, const Masks& masks, const FastPitchControls& controls,
                       FastPitchPlan& plan, Blocks* blocks) const;
  at::Tensor add_energy(const at::Tensor& h, const Masks& masks, const FastPitchControls& controls,
                        FastPitchPlan& plan, Blocks* blocks) const;
  Masks encoder_masks(const at::Tensor& ids, bool reference_padding) const;
  at::Tensor speaker_condition(const at::Tensor& speaker, int64_t batch) const;

  FastPitchConfig config_;
  at::Tensor pitch_mean_, pitch_std_;
  std::shared_ptr<FftStack> encoder_, decoder_;
  std::shared_ptr<nn::Embedding> speaker_emb_;
  std::shared_ptr<Predictor> duration_predictor_, pitch_predictor_, energy_predictor_;
  std::shared_ptr<nn::Conv1d> pitch_emb_, energy_emb_;
  std::shared_ptr<nn::Linear> proj_;
};

}  // namespace vl::models::fastpitch
