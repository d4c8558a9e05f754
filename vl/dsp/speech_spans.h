#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// A stretch of speech, seconds.
struct Span {
  double start_s = 0.0, end_s = 0.0;
  double length() const { return end_s - start_s; }
};

/// Speech in 10 ms frames by energy above an adaptive noise floor (and above -50 dBFS) together
/// with voicing (normalised autocorrelation, 60..400 Hz) somewhere in the span; spans of at least
/// 120 ms, joined over pauses of up to 200 ms (hangover).
/// @param wave [T] float32 at 16 kHz
std::vector<Span> speech_spans(const at::Tensor& wave);

/// Total length of the spans.
double speech_seconds(const std::vector<Span>& spans);

/// Is this piece of speech usable as a prompt? @param wave [T] float32 at 16 kHz
/// @throws Error(kBadPrompt): less than 1 s of speech, peak below -45 dBFS, over 1 % clipped
/// samples, longer than 15 s
void check_prompt(const at::Tensor& wave, const std::vector<Span>& spans);

}  // namespace vl::dsp
