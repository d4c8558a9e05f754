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
/// @throws Error(kBadValue) for NaN or infinite samples
std::vector<Span> speech_spans(const at::Tensor& wave);

/// Total length of the spans.
double speech_seconds(const std::vector<Span>& spans);

/// Is this piece of speech usable as a prompt? @param wave [T] float32 at 16 kHz
/// @throws Error(kBadPrompt): less than 1 s of speech, peak below -45 dBFS, over 1 % clipped
/// samples, longer than 15 s; Error(kBadValue) for NaN or infinite samples
void check_prompt(const at::Tensor& wave, const std::vector<Span>& spans);

struct PromptRule {
  double shortest_s = 3.0, longest_s = 10.0, target_s = 6.0;
  bool whole_pieces =
      false;  ///< never cut inside a piece (subtitle entries, whose words are known)
};

/// The piece of speech that serves best as a prompt: neighbouring pieces from the start of one to
/// the end of another, shortest_s..longest_s together, without clipping where possible, then with
/// the highest voiced share, near target_s. Where all pieces together are shorter than shortest_s,
/// the longest stretch; a piece longer than longest_s is cut at its quietest frames.
/// @param wave [T] float32 at 16 kHz
/// @param pieces speech_spans(wave) or subtitle entries, in order, not overlapping
/// @throws Error(kBadPrompt) as check_prompt, or when no piece fits; Error(kBadValue) for bad
/// pieces or samples
Span choose_prompt_span(const at::Tensor& wave, const std::vector<Span>& pieces,
                        const PromptRule& rule = {});

}  // namespace vl::dsp
