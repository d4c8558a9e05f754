#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vl/text/fastpitch_symbols.h"

namespace vl::stages {

/// How far durations may change. Shorter: pauses to 0.4 of their length (40 ms or more), vowels and
/// sonorants by up to 1.30, stops, fricatives and affricates by up to 1.05. Longer: pauses to twice
/// their length, vowels and sonorants by up to 1 / 0.85, the others by up to 1.05.
struct DurationLimits {
  double max_rate = 1.2;     ///< of the whole, by the uneven change
  double max_stretch = 1.1;  ///< then of everything alike
  double slowest = 0.85;     ///< of the whole
};

/// Whole frames for every symbol.
struct FittedDurations {
  std::vector<int64_t> frames;
  double rate = 1, stretch = 1;  ///< above 1: shorter
  int64_t excess = 0;            ///< frames above the target that the limits left
  int64_t missing = 0;           ///< frames below it
};

/// Solves durations so that they add up to a number of frames as far as the limits allow, by one
/// factor that moves every kind of symbol towards its own limit (spec dub.md section 5), and rounds
/// them so that the sum stays: the symbols with the largest fractions get the frames that are left.
/// @param frames of each symbol, >= 0, not rounded
/// @param kinds of the same symbols
/// @param target frames, > 0
/// @param frame_s seconds a frame
/// @throws Error(kBadValue) for durations that are not finite or come to nothing
FittedDurations fit_durations(const std::vector<double>& frames,
                              const std::vector<text::SymbolKind>& kinds, int64_t target,
                              double frame_s, const DurationLimits& limits = {});

}  // namespace vl::stages
