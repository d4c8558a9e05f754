#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "vl/stages/face_tracks.h"

namespace vl::stages {

/// Which of several faces is redrawn.
enum class FaceSelect {
  kAuto,     ///< whose mouth moves with the source's speech; else the largest, most central
  kLargest,  ///< the largest, most central track
  kScore,    ///< the highest score, frame by frame
  kAll,
};

struct ChoiceOptions {
  FaceSelect select = FaceSelect::kAuto;
  std::optional<int> track;   ///< only this one
  int width = 0, height = 0;  ///< of the picture whose pixels the faces count in
  int64_t window = 250;       ///< frames after which a choice between several is made at the latest
  /// Loudness of the source's speech at a frame, any unit; empty: there is none.
  std::function<float(int64_t frame)> speech = {};
};

/// Pearson's correlation of two series; 0 where one of them does not change.
double correlation(const std::vector<float>& a, const std::vector<float>& b);

/// Leaves of every frame the faces that are redrawn. While there is one face only, it is chosen at
/// once; several are judged together to the end of the shot, or over options.window frames.
class FaceChoice {
 public:
  explicit FaceChoice(ChoiceOptions options) : options_(std::move(options)) {}

  void push(SeenFrame frame);
  void finish();
  std::optional<SeenFrame> pop();

 private:
  void decide();
  int best_track() const;

  ChoiceOptions options_;
  int64_t count_ = 0;           ///< frames pushed
  std::deque<SeenFrame> open_;  ///< of the window that is not decided
  std::deque<SeenFrame> chosen_;
  std::optional<int> current_;  ///< the last choice
};

}  // namespace vl::stages
