#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <torch/nn/module.h>

#include "vl/media/image.h"

namespace vl::stages {

using Point = std::array<float, 2>;
/// Eye at the image's left, eye at its right, nose tip, mouth corner left, mouth corner right.
using Landmarks = std::array<Point, 5>;

/// A face in a picture, in its pixels.
struct FoundFace {
  std::array<float, 4> box = {};  ///< x1 y1 x2 y2
  float score = 0.0F;
  std::optional<Landmarks> points;  ///< of finders that give them

  float width() const { return box[2] - box[0]; }
  float height() const { return box[3] - box[1]; }
};

/// The model of role "face", whichever architecture it has: YuNet (boxes and landmarks, on a
/// picture shrunk to 640) or S3FD (boxes, on the picture as it is).
class FaceFinder {
 public:
  /// Scores from here on are found; what counts as a face is the caller's threshold.
  static constexpr float kLeastScore = 0.1F;

  virtual ~FaceFinder() = default;
  /// The faces of each picture, best score first; the pictures go through the network together.
  /// @param pictures B G R, all of one size
  virtual std::vector<std::vector<FoundFace>> find(
      const std::vector<const media::Image*>& pictures) const = 0;
  std::vector<FoundFace> find_one(const media::Image& bgr) const { return find({&bgr}).front(); }
  /// The score from which a find counts as a face.
  virtual double usual_score() const = 0;
  /// The longer side, in pixels, to which pictures are shrunk before; 0: they stay as they are.
  virtual int longest_side() const = 0;
  virtual bool gives_landmarks() const = 0;
};

/// @throws Error(kWrongModelKind) for a network that is no face finder
std::unique_ptr<const FaceFinder> make_face_finder(
    std::shared_ptr<const torch::nn::Module> network);

/// Width and height at which a finder looks at a picture.
/// @param shrink both sides are divided by this at least
std::array<int, 2> look_size(const FaceFinder& finder, int width, int height, int64_t shrink = 1);

/// A find on a shrunk picture, in pixels of the whole one.
FoundFace scaled(const FoundFace& face, float x, float y);

}  // namespace vl::stages
