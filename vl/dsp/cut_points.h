#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::dsp {

/// float64 [count]: samples [begin, begin + count) of a track.
using ReadSamples = std::function<at::Tensor(int64_t begin, int64_t count)>;

/// Samples at 16 kHz. RVC's constants: 6, 38 and 41 seconds (10, 60, 65 in half precision).
struct CutLimits {
  int64_t query;   ///< how far from its centre a cut may lie, 1..center
  int64_t center;  ///< one cut at about every multiple of this
  int64_t max;     ///< tracks up to this length, 160 samples of padding included, are not cut
};

/// Where RVC cuts a long track into chunks: for t = center, 2 center, ... the quietest place in
/// [t - query, t + query), by the sum of magnitudes of the 160 samples around it (80 before, 79
/// after; the track is mirrored at its ends); the first of equals. Only the neighbourhoods of the
/// centres are read. Sums are made in the public program's order: the same cuts.
/// @param samples length of the track
/// @return ascending, empty for a track that is not cut
/// @throws Error(kBadValue) for limits out of range; what `read` throws
std::vector<int64_t> cut_points(int64_t samples, const ReadSamples& read, const CutLimits& limits);

}  // namespace vl::dsp
