#pragma once

#include <optional>
#include <vector>

#include "vl/media/image.h"
#include "vl/stages/face_finder.h"

namespace vl::stages {

/// A picture at full, half, quarter ... size, for PointTracker.
class Pyramid {
 public:
  static constexpr int kLevels = 3;
  /// @param luma one channel
  explicit Pyramid(media::Image luma);
  const media::Image& level(int i) const { return levels_[static_cast<size_t>(i)]; }

 private:
  std::vector<media::Image> levels_;
};

/// Where a point of one picture lies in the next, by pyramidal Lucas-Kanade on windows of 15 x 15
/// pixels (Bouguet 2000).
/// @return nothing where the texture is too weak or the way back does not lead to the start
std::optional<Point> track_point(const Pyramid& from, const Pyramid& to, const Point& point);

/// The face in the next picture: its box moves and grows as its landmarks (without them, points of
/// its inner part) do in the median.
/// @return nothing where fewer than three points can be followed
std::optional<FoundFace> track_face(const Pyramid& from, const Pyramid& to, const FoundFace& face);

}  // namespace vl::stages
