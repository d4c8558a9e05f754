#pragma once

#include <functional>
#include <string>
#include <vector>

namespace vl::stages {

/// Mono speech in [-1, 1].
struct Speech {
  std::vector<float> samples;
  int64_t rate = 0;
  double seconds() const { return static_cast<double>(samples.size()) / static_cast<double>(rate); }
};

/// Where a line may sound, seconds on the video's clock.
struct Slot {
  double onset_s = 0.0;
  double length_s = 0.0;
};

struct FitLimits {
  bool speed_up = true;       ///< false: only trim
  double max_rate = 1.20;     ///< first step
  double max_stretch = 1.10;  ///< second step, on top
  bool fail_on_overflow = false;
};

struct FitResult {
  Speech speech;  ///< at most as long as the slot
  double natural_s = 0.0, final_s = 0.0, overflow_s = 0.0;
  double rate = 1.0, stretch = 1.0;
  std::string status;  ///< fits rate stretch overflow
};

/// Cuts silence more than 45 dB below the peak at both ends and keeps 20 ms of it. Speech without
/// any sound stays as it is.
Speech trim_silence(const Speech& speech);

/// A pitch-preserving time stretch: (speech, factor > 1 is shorter).
using Stretch = std::function<Speech(const Speech&, double)>;

/// Fits a line into its slot: nothing while it is short enough (a short line is never slowed), else
/// an even speed-up by at most max_rate and then max_stretch, else a cut at the slot's end with a
/// fade of 20 ms.
/// @throws Error(kLineDoesNotFit) when it is more than 20 ms too long after all steps and
/// fail_on_overflow is set
FitResult fit_to_slot(const Speech& natural, const Slot& slot, const FitLimits& limits,
                      const Stretch& stretch);

}  // namespace vl::stages
