#pragma once

#include <ATen/core/Tensor.h>

namespace vl::models::hifigan {

/// Samples for a PCM16 file: round(32768 x), half to even, saturated.
/// @param audio [...] float, nominally in [-1, 1]
/// @return int16, same shape
/// @throws Error(kBadValue) for NaN or infinity
at::Tensor to_pcm16(const at::Tensor& audio);

/// The authors' conversion: 32768 x truncated toward zero; saturated where theirs would wrap.
at::Tensor to_pcm16_truncated(const at::Tensor& audio);

/// The waveform that NVIDIA's script writes as a float file: the first frames * hop samples times
/// 32768, a linear fade 1 -> 0 over the last 10 hops (fewer when the audio is shorter), divided by
/// the largest magnitude. Silence stays silence.
/// @param audio [N] float32
/// @return [min(N, frames * hop)] float32
at::Tensor script_output(const at::Tensor& audio, int64_t frames, int64_t hop = 256);

}  // namespace vl::models::hifigan
