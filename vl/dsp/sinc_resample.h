#pragma once

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// Rate conversion by a Hann-windowed sinc with 6 zero crossings on each side and roll-off 0.99:
/// the defaults of torchaudio's `resample` (Smith, "Digital Audio Resampling"), by which prompts
/// come to the codec's rate. Phases are computed in double and stored as float32. The result may
/// exceed 1 in magnitude and is not clipped; equal rates give the input back.
/// @param wave [..., T] float32, any range; T may be 0
/// @param from, to rates in Hz, 1..768000; only their ratio counts
/// @return [..., ceil(T * to / from)] float32 on wave's device
/// @throws Error(kBadValue) for rates out of range
at::Tensor sinc_resample(const at::Tensor& wave, int64_t from, int64_t to);

}  // namespace vl::dsp
