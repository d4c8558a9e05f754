#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vl/media/image.h"
#include "vl/models/yunet/yunet.h"
#include "vl/stages/face_boxes.h"

namespace vl::stages {

struct FinderOptions {
  int longest_side = 640;  ///< pictures are shrunk to this before detection
  double min_score = 0.6;
  bool by_score = false;  ///< else the largest face
  Pads pads;
};

/// The face of one picture: YuNet on a shrunk copy, the chosen face's box in picture pixels,
/// padded.
class FindFaces {
 public:
  FindFaces(std::shared_ptr<const models::yunet::Yunet> net, FinderOptions options)
      : net_(std::move(net)), options_(options) {}

  /// @param bgr upright picture. `best_score` becomes the highest score seen, also below the
  /// threshold.
  FaceSighting look(const media::Image& bgr, float* best_score) const;

 private:
  std::shared_ptr<const models::yunet::Yunet> net_;
  FinderOptions options_;
};

}  // namespace vl::stages
