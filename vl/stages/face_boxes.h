#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace vl::stages {

/// x1, y1, x2, y2 in pixels; x2 and y2 are past the last column and row.
using IntBox = std::array<int64_t, 4>;

/// Wav2Lip's rect: negative values to 0, each truncated.
IntBox truncate_rect(const std::array<float, 4>& box);

/// Adds the pads and clamps: y1 - top and x1 - left at 0, y2 + bottom at the height, x2 + right at
/// the width. Only these clamps exist, as in the reference; an empty result counts as no face.
struct Pads {
  int64_t top = 0, bottom = 10, left = 0, right = 0;
};
IntBox pad_rect(const IntBox& rect, const Pads& pads, int64_t width, int64_t height);
/// At least 2 pixels in both directions and inside the picture.
bool usable(const IntBox& box, int64_t width, int64_t height);

/// Wav2Lip's smoothing over five frames, in place on integers: row i becomes the truncated mean of
/// rows i..i+4, the last rows the mean of the last five (which by then holds smoothed rows); fewer
/// than five rows follow the reference's slices.
void smooth_boxes(std::vector<IntBox>& boxes);

/// What the finder said of one frame: a box, no face, or (between two detections) nothing yet.
struct FaceSighting {
  enum class State { kFace, kNone, kUnknown } state = State::kNone;
  IntBox box = {};
};

/// Frames without a face are bridged by interpolation up to this many in a row.
constexpr int64_t kBridgedFrames = 5;

/// One pass over a video: frames that were not looked at and gaps of at most kBridgedFrames are
/// filled by interpolation, then each run of faces is smoothed like smooth_boxes. Results come a
/// few frames late, in order.
class FaceTracker {
 public:
  explicit FaceTracker(bool smooth) : smooth_(smooth) {}
  void push(const FaceSighting& sighting);
  void finish();
  /// The next frame's box (nothing inside: no face), or nothing when it is not decided yet.
  std::optional<std::optional<IntBox>> pop();

 private:
  void flush_gap(bool bridge, const IntBox& next);
  void append(const std::optional<IntBox>& box);
  void end_run();

  bool smooth_;
  std::vector<FaceSighting> gap_;  ///< frames since the last face that are not decided
  std::optional<IntBox> last_;     ///< the last face seen
  std::vector<IntBox> run_;        ///< rows of the current run, smoothed up to ready_
  size_t ready_ = 0;
  std::deque<std::optional<IntBox>> out_;
};

}  // namespace vl::stages
