#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "vl/stages/face_boxes.h"
#include "vl/stages/face_tracks.h"

namespace vl::stages {

/// Where a face is redrawn, picture pixels: a rectangle turned about its centre. Two floats may be
/// fractions.
struct Placement {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;  ///< before it is turned
  float roll = 0;                        ///< radians, clockwise on the screen
  float strength = 1;                    ///< 0..1, below 1 next to frames that are not redrawn
  int32_t track = 0;

  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
  float centre_x() const { return (x1 + x2) / 2; }
  float centre_y() const { return (y1 + y2) / 2; }
};

struct PlacedFrame {
  bool cut = false;  ///< a new shot begins here
  std::vector<Placement> faces;
};

/// How far a face is turned: 0.5 when its nose is in the middle between the eyes, 0 or 1 in
/// profile, beyond when an eye is behind the nose.
float turn_of(const Landmarks& points);
/// Angle of the line between the eyes, radians, clockwise.
float roll_of(const Landmarks& points);

struct PlaceOptions {
  Pads pads;
  bool smooth = true;              ///< centred mean over five frames of a track
  bool align = true;               ///< turn with the eyes; faces in profile are left as they are
  float scale_x = 1, scale_y = 1;  ///< from the pixels of the finds to those of the picture
};

/// Makes the redrawn rectangles from the chosen faces: aligned with the eyes, padded, smoothed over
/// five frames inside a shot, faded in and out over three frames where a face comes or goes within
/// a shot. Results come three frames late.
class FacePlacer {
 public:
  static constexpr int kFade = 3;

  explicit FacePlacer(const PlaceOptions& options) : options_(options) {}
  void push(const SeenFrame& frame);
  void finish();
  std::optional<PlacedFrame> pop();

 private:
  std::optional<Placement> place(const Sighting& sighting);
  const Placement* find(size_t frame, int track) const;
  Placement smoothed(size_t frame, const Placement& raw) const;
  float strength(size_t frame, int track) const;
  void emit();

  PlaceOptions options_;
  std::deque<PlacedFrame> raw_;  ///< with some frames before next_
  size_t next_ = 0;              ///< of raw_, the next to be emitted
  bool ended_ = false;
  std::map<int, bool> profile_;  ///< by track
  std::deque<PlacedFrame> out_;
};

}  // namespace vl::stages
