#pragma once

#include <array>
#include <optional>
#include <vector>

#include "vl/media/image.h"
#include "vl/stages/face_boxes.h"

namespace vl::stages {

/// One face through consecutive frames: x1 y1 x2 y2 in pixels.
struct FaceRun {
  int64_t first = 0;  ///< frame
  std::vector<std::array<double, 4>> boxes;
  int64_t end() const { return first + static_cast<int64_t>(boxes.size()); }
};

/// Cuts a clip into runs as the public evaluation tracks faces: a face continues the run when its
/// box overlaps the last one by more than half (IoU) and comes at most 25 frames after it; the
/// frames between are interpolated. Runs come in order and do not overlap.
std::vector<FaceRun> face_runs(const std::vector<std::optional<IntBox>>& boxes);

/// The runs that are scored: those of 100 frames and more (as in the public evaluation), or else
/// the longest alone.
std::vector<FaceRun> scored_runs(const std::vector<FaceRun>& runs);

/// What the evaluation network is shown of a frame: half the larger side of the box, and its
/// centre.
struct FaceSquare {
  double half = 0, x = 0, y = 0;
};

/// The squares of a run, each value the median over 13 frames; beyond the ends of the run stand
/// zeros (scipy.signal.medfilt, as in the public code), but in runs shorter than 13 frames nothing.
std::vector<FaceSquare> face_squares(const std::vector<std::array<double, 4>>& boxes);

/// Rows y - half .. y + 1.8 half and columns x - 1.4 half .. x + 1.4 half, resized to 224 x 224;
/// outside the picture everything is 110. Bounds are cut off to whole pixels as in the public code.
media::Image square_crop(const media::Image& bgr, const FaceSquare& square);

}  // namespace vl::stages
