#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/models/fastpitch/fastpitch.h"
#include "vl/text/fastpitch_line.h"

namespace vl::stages {

/// How FastPitch speaks, the same for all lines.
struct SpeakLineOptions {
  double pace = 1.0;  ///< above 1 is faster
  double energy_scale = 1.0;
  models::fastpitch::PitchTransform pitch = {};
  int64_t speaker = 0;
  bool half_even = false;  ///< rounding and limit of durations as the TorchScript class has them
  /// Durations usual for the kind of symbol in place of the model's (packs that are not trained).
  bool usual_durations = false;
};

/// A line as the vocoder takes it.
struct LineMel {
  at::Tensor mel;   ///< float32 [n_mels, F], natural log; breaks are silent frames
  at::Tensor gain;  ///< float32 [F], linear; undefined: 1 everywhere
  std::vector<int64_t> starts, ends;  ///< frames of each symbol
};

/// Whole frames given to a line from outside.
struct LineFrames {
  std::vector<int64_t> symbols;  ///< one number a symbol
  std::vector<int64_t> breaks;   ///< one number a break of the line
};

/// Lines of text to mel with FastPitch. Const: one object serves any number of threads.
class SpeakLine {
 public:
  /// @throws Error(kBadWeights) when the model's table of symbols is not that of `symbols`,
  /// Error(kBadValue) for a speaker that the model does not have or an energy without conditioning
  SpeakLine(std::shared_ptr<const models::fastpitch::FastPitch> model,
            const text::SymbolSet& symbols, const SpeakLineOptions& options);

  /// Frames of each symbol before rounding, with pace and styles.
  std::vector<double> durations(const text::FastPitchLine& line) const;
  /// Frames of a silence.
  double frames_of(double seconds) const;
  double frame_seconds() const;

  /// Several lines at once give what each would give alone.
  /// @param lines none empty
  /// @param frames empty, or for every line its durations
  /// @throws Error(kBadWeights) for a mel that holds no numbers
  std::vector<LineMel> run(const std::vector<text::FastPitchLine>& lines,
                           const std::vector<LineFrames>& frames = {}) const;

 private:
  models::fastpitch::FastPitchControls controls(
      const std::vector<text::FastPitchLine>& lines) const;
  at::Tensor usual_durations(const text::FastPitchLine& line) const;

  std::shared_ptr<const models::fastpitch::FastPitch> model_;
  text::SymbolSet symbols_;
  SpeakLineOptions options_;
};

}  // namespace vl::stages
