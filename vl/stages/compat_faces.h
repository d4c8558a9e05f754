#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "vl/media/image.h"
#include "vl/stages/face_boxes.h"
#include "vl/stages/face_finder.h"
#include "vl/stages/face_map.h"

namespace vl::stages {

/// What the public Wav2Lip does to a frame before all else, in this order.
struct CompatPicture {
  int64_t resize_factor = 1;                     ///< both sides divided, rounded down
  int rotate = 0;                                ///< degrees clockwise: 0, 90, 180, 270
  std::array<int64_t, 4> crop = {0, -1, 0, -1};  ///< top bottom left right; -1: to the end
};
/// @throws Error(kBoxOutside) where nothing is left
media::Image compat_picture(const media::Image& bgr, const CompatPicture& options);

struct CompatOptions {
  Pads pads;
  bool smooth = true;
  double min_score = 0.5;
  int64_t batch = 1;          ///< frames that go through the finder together
  std::optional<IntBox> box;  ///< instead of looking
};

/// The face boxes of the public Wav2Lip: the best find of every frame, truncated, padded, smoothed
/// over five frames in place. They go to the map four frames late.
class CompatFaces {
 public:
  /// @param finder null with a fixed box
  CompatFaces(const FaceFinder* finder, const CompatOptions& options, FaceMap& map)
      : finder_(finder), o_(options), map_(map), smoother_(options.smooth && !options.box) {}

  /// @param picture as compat_picture() gives it, with its time
  void push(media::Image picture, int64_t pts, int64_t duration);
  void finish();

  int64_t frames() const { return frames_; }
  /// The first frame without a face, and its picture: the public code stops there, and so does
  /// this.
  struct Failure {
    int64_t frame = 0;
    float best_score = 0;
    media::Image picture;
  };
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  void flush();
  void take(const media::Image& picture, const std::vector<FoundFace>& faces);
  void drain();

  const FaceFinder* finder_;
  CompatOptions o_;
  FaceMap& map_;
  BoxSmoother smoother_;
  std::vector<media::Image> waiting_;
  std::deque<std::array<int64_t, 2>> times_;
  int64_t frames_ = 0, taken_ = 0, calls_ = 0;
  std::optional<Failure> failure_;
};

/// A box as a placement that is not turned, and back.
Placement placement_of(const IntBox& box);
IntBox box_of(const Placement& place);

}  // namespace vl::stages
