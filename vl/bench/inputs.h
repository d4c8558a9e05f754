#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "vl/core/sha256.h"
#include "vl/media/image.h"

namespace vl::bench {

/// Synthesised speech: what a bench query of any length is made of when no recording is at hand.
/// Not speech, but loaded like it: voiced stretches of 0.3 to 0.9 s with gliding harmonics of 90 to
/// 260 Hz under three formant-like resonances and a syllable envelope, breathy noise, pauses of
/// 0.05 to 0.25 s. Deterministic in `sample`, another signal for every one.
struct SpeechInput {
  at::Tensor wave;   ///< [seconds * 16000] float32 in [-0.9, 0.9], 16 kHz
  at::Tensor f0_hz;  ///< [seconds * 100] float64, the true pitch of every 10 ms, 0 where unvoiced
};
/// @param seconds above 0; the lengths are rounded down to whole samples and frames
SpeechInput speech_input(uint64_t sample, double seconds);

/// Whole numbers of 0 .. below - 1, int64, the same with every standard library.
at::Tensor seeded_numbers(uint64_t seed, at::IntArrayRef sizes, int64_t below);

/// Clouds of colour, B G R, the same for every equal seed: noise of single pixels would look like a
/// thousand faint faces. @param width,height multiples of 40
media::Image clouds(uint64_t seed, int width, int height);

/// Adds the bytes of a contiguous tensor.
void hash(Sha256& sha, const at::Tensor& t);

}  // namespace vl::bench
