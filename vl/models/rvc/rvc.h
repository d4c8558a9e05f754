#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "vl/models/registry.h"
#include "vl/models/rvc/config.h"
#include "vl/models/rvc/flow.h"
#include "vl/models/rvc/generator.h"
#include "vl/models/rvc/text_encoder.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::rvc {

/// Arguments of one call of the synthesizer over T frames of 10 ms.
struct RvcInputs {
  at::Tensor phone;   ///< [1, T, feature_dim] content features
  at::Tensor pitch;   ///< int64 [1, T] bins 0..255; undefined for models without f0
  at::Tensor pitchf;  ///< [1, T] Hz, 0 where unvoiced; undefined for models without f0
  int64_t sid = 0;    ///< speaker
  /// Normal draws [1, inter, T - max(skip_head - 24, 0)] and [1, N * hop, 1] with N = return_length
  /// (T without it). An undefined one is drawn from `seed`; zeros are the mode without noise.
  at::Tensor noise_z, noise_sine;
  uint64_t seed = 0;
  /// Real time: only the frames [skip_head, skip_head + return_length) are decoded; another
  /// return_length2 stretches latent and excitation linearly to that many frames.
  std::optional<int64_t> skip_head, return_length, return_length2;
  /// Offline: only the samples of the frames [keep_begin, keep_begin + keep_frames) are returned,
  /// equal to that part of the whole call to float32 rounding; the noises keep the shapes of the
  /// whole call. Latent and decoder see only what these frames need. Not with the real-time entry.
  std::optional<int64_t> keep_begin, keep_frames;
  /// Phase of the excitation before its first frame, in turns [0, 1): frame 0, in the real-time
  /// entry frame skip_head. end_turn() gives the one to go on with.
  double start_turn = 0;
};

/// RVC voice model: prior encoder, normalising flow, NSF-HiFi-GAN decoder (SynthesizerTrnMs256 /
/// 768 NSFsid and the forms without f0, of RVC-Project). Keys are the public ones, weight norm
/// folded.
class Rvc : public nn::Module {
 public:
  explicit Rvc(const RvcConfig& config);
  const RvcConfig& config() const { return config_; }

  /// The whole call, or the part of it that `inputs` keep. With equal seed the draws are those of
  /// torch on the CPU in the order of the public code: normal noise_z, one uniform number (unused),
  /// normal noise_sine.
  /// @return [1, 1, frames * hop] in [-1, 1]
  /// @throws Error(kBadValue) for shapes, bins or a speaker outside the model's,
  ///         Error(kMissingArgument) for a pitch that is absent
  at::Tensor infer(const RvcInputs& inputs, Taps* taps = nullptr) const;

  // The parts of infer(), for callers that cut or keep state between them.

  /// Speaker vector [1, gin, 1].
  at::Tensor speaker(int64_t sid) const;
  Prior encode(const at::Tensor& phone, const at::Tensor& pitch, Taps* taps = nullptr) const;
  /// Sample of the prior, then the flow backwards: [1, inter, T].
  at::Tensor latent(const Prior& prior, const at::Tensor& noise_z, const at::Tensor& g,
                    Taps* taps = nullptr) const;
  /// [1, F * hop, 1]; models with f0 only.
  at::Tensor excitation(const at::Tensor& pitchf, const at::Tensor& noise_sine,
                        double start_turn = 0) const;
  /// z [1, inter, F], har [1, F * hop, 1] or undefined -> [1, 1, F * hop]
  at::Tensor decode(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                    Taps* taps = nullptr) const;
  /// The samples of the frames begin .. end - 1 of decode(), at the cost of that part.
  at::Tensor decode_part(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                         int64_t begin, int64_t end, Taps* taps = nullptr) const;

 private:
  RvcConfig config_;
  std::shared_ptr<TextEncoder> enc_p_;
  std::shared_ptr<Generator> dec_;
  std::shared_ptr<Flow> flow_;
  std::shared_ptr<nn::Embedding> emb_g_;
};

/// Role "rvc", arch "rvc": .pth voice models ({"weight", "config", "f0", "version", ...}), training
/// files ({"model"}), fills with a manifest.
ModelClass rvc_class();

}  // namespace vl::models::rvc
