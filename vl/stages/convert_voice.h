#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "vl/stages/rvc_settings.h"

namespace vl::stages {

/// Pitch as the synthesizer takes it, one value a frame of 10 ms.
struct PitchTrack {
  at::Tensor bins;       ///< int64 [F] 1..255
  at::Tensor hz;         ///< float32 [F], 0 where unvoiced
  at::Tensor hz_double;  ///< float64 [F], the same before rounding
};

/// One call of the networks over a piece of speech.
struct RvcChunk {
  PitchTrack pitch;  ///< at least as many frames as the piece has; not for models without f0
  /// The frames that are wanted; the others are context and are not decoded.
  int64_t keep_begin = 0, keep_frames = 0;
  at::Tensor noise_z, noise_sine;  ///< [1, inter, F] and [1, F * hop, 1]
  double start_turn = 0.0;         ///< phase of the excitation at the first frame, in turns
};

/// RVC's networks (content features, pitch, synthesizer) with retrieval and protection, applied to
/// one piece at a time. Cutting a track and joining the pieces: convert_track.h.
class ConvertVoice {
 public:
  /// @throws Error(kBadWeights) when content features and voice do not fit each other,
  /// Error(kIndexMismatch) for an index of another width
  explicit ConvertVoice(RvcModels models);

  const models::rvc::RvcConfig& config() const { return models_.voice->config(); }

  /// Frames of 10 ms that a piece of `samples` gives: two for each content feature.
  int64_t frames_of(int64_t samples) const;
  /// The smallest piece that gives at least `frames` frames.
  int64_t samples_for(int64_t frames) const;

  /// Pitch in Hz before any transposition. wave float32 [N] at 16 kHz
  /// @return float64 [N / 160 + 1], 0 where unvoiced
  /// @throws Error(kModelMissing) for RMVPE without a model
  at::Tensor raw_f0(const at::Tensor& wave, const RvcSettings& settings) const;

  /// Transposes, replaces by the f0 file, interpolates, quantises. `first_frame` is the frame in
  /// which the track starts (the padding before it).
  static PitchTrack pitch_track(const at::Tensor& raw_f0, int64_t first_frame,
                                const RvcSettings& settings);

  /// Content features of the voice's layer: wave float32 [N] -> [F / 2, D].
  at::Tensor features(const at::Tensor& wave) const;

  /// Retrieval, two frames of 10 ms a feature, protection of unvoiced frames.
  /// @return [1, F, D]
  at::Tensor phone(const at::Tensor& features, const at::Tensor& hz,
                   const RvcSettings& settings) const;

  /// Retrieval as the real-time program does it: none at all when a query has too few neighbours.
  /// features [F, D] -> [F, D]
  at::Tensor retrieve_complete(const at::Tensor& features, double rate) const;

  /// The synthesizer alone.
  at::Tensor infer(const models::rvc::RvcInputs& inputs) const {
    return models_.voice->infer(inputs);
  }

  /// @param features of the piece
  /// @return float32 [keep_frames * hop] at the voice's rate
  at::Tensor synthesize(const RvcChunk& chunk, const at::Tensor& features,
                        const RvcSettings& settings) const;

 private:
  RvcModels models_;
};

}  // namespace vl::stages
