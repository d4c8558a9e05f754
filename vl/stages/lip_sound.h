#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/core/spool.h"

namespace vl::stages {

/// Loudness of a sound over time, in frames of 10 ms.
class SoundLevels {
 public:
  /// @param late seconds at the beginning that do not count: time 0 is behind them
  explicit SoundLevels(double late = 0);
  /// Mono samples at 16 kHz, in order.
  void append(const float* samples, size_t count);
  /// RMS from `start` to `end` seconds; 0 outside the sound.
  float level(double start, double end) const;
  /// How strongly something is to be heard around a time: 1 within 120 ms of a frame above -50
  /// dBFS, less over the next `fade` seconds, then 0.
  float presence(double seconds, double fade) const;
  double seconds() const;

 private:
  size_t skipped_;             ///< samples that are still to be left out
  std::vector<float> energy_;  ///< mean square of every whole frame
  double sum_ = 0;
  int64_t pending_ = 0;
};

/// The speech that lips follow: mono at 16 kHz, kept in an unnamed file, with the mel windows of
/// Wav2Lip made where they are asked for. Filled by one thread, then read by any.
class LipSound {
 public:
  /// @param folder for the unnamed file
  /// @param late as that of SoundLevels
  explicit LipSound(const std::string& folder, double late = 0);

  void append(const float* samples, size_t count);
  /// No more samples. What is shorter than one window is padded with silence.
  /// @return whether it was
  bool finish();

  double seconds() const;
  /// Mel columns of the whole sound, 80 a second.
  int64_t columns() const;
  /// The windows of 16 columns that begin at the given columns; behind the end there is
  /// silence. They equal those of the whole sound (dsp::wav2lip_mel) within 1e-6.
  /// @return [N, 1, 80, 16]
  at::Tensor windows(const std::vector<int64_t>& starts) const;
  /// The window of a picture that is shown `seconds` after the start: from column floor(80 *
  /// seconds).
  static int64_t column_at(double seconds);
  const SoundLevels& levels() const { return levels_; }

 private:
  at::Tensor mel(int64_t first, int64_t end) const;

  size_t skipped_;
  SpoolOf<float> samples_;
  SoundLevels levels_;
  uint64_t own_ = 0;  ///< samples without the padding
};

}  // namespace vl::stages
