#pragma once

#include "vl/media/image.h"
#include "vl/stages/face_place.h"

namespace vl::stages {

struct DrawOptions {
  bool whole_box = false;   ///< everything in the rectangle, else the mouth inside the face
  int feather = -1;         ///< pixels of soft border inside; -1: 8 % of the height, 4 or more
  bool color_match = true;  ///< mean and deviation of a ring around the mouth; not with whole_box
};

/// The part of the picture that a placement may read or change.
/// @return an empty rectangle where it lies outside
media::Rect region_of(const Placement& place, int width, int height);

/// The face as the generator sees it: size x size, upright, bilinear without smoothing as OpenCV's
/// resize; what lies outside the picture repeats its border.
/// @param region pixels of the rectangle `at` of the picture, B G R
media::Image face_crop(const media::Image& region, const media::Rect& at, const Placement& place,
                       int size);

/// Draws the generator's answer into the region: the lower part of the face (below 45 % of the
/// height, inside an ellipse within the rectangle) or the whole rectangle, weighted by the
/// placement's strength.
/// @param prediction square, B G R
/// @return one channel of the region's size, 0 where no pixel changed
media::Image draw_mouth(media::Image& region, const media::Rect& at, const Placement& place,
                        const media::Image& prediction, const DrawOptions& options);

}  // namespace vl::stages
