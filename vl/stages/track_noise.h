#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace vl::stages {

/// The normal draws of a conversion.
struct NoisePair {
  at::Tensor z;     ///< [1, inter, F]
  at::Tensor sine;  ///< [1, F * hop, 1]
};

/// Draws that belong to places of a track: overlapping pieces get equal noise where they overlap,
/// whatever the cuts are. Drawn in blocks of 64 frames, each from a generator of its own.
class TrackNoise {
 public:
  /// @param with_sine false for models without excitation: `sine` is undefined
  TrackNoise(uint64_t seed, int64_t inter, int64_t hop, bool with_sine)
      : seed_(seed), inter_(inter), hop_(hop), with_sine_(with_sine) {}
  /// The frames [begin, begin + frames), begin >= 0.
  NoisePair draw(int64_t begin, int64_t frames) const;

 private:
  uint64_t seed_;
  int64_t inter_, hop_;
  bool with_sine_;
};

/// Draws as the public program makes them: one generator for all chunks; each takes the latent's,
/// one uniform number that is not used, and the excitation's.
class SequentialNoise {
 public:
  SequentialNoise(uint64_t seed, int64_t inter, int64_t hop, bool with_sine);
  NoisePair draw(int64_t frames);

 private:
  at::Generator generator_;
  int64_t inter_, hop_;
  bool with_sine_;
};

}  // namespace vl::stages
