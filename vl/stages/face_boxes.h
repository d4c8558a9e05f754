#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace vl::stages {

/// x1, y1, x2, y2 in pixels; x2 and y2 are past the last column and row.
using IntBox = std::array<int64_t, 4>;

/// Intersection over union of two boxes x1, y1, x2, y2; 0 where both are empty.
template <class T>
T overlap(const std::array<T, 4>& a, const std::array<T, 4>& b) {
  const T w = std::max(T{0}, std::min(a[2], b[2]) - std::max(a[0], b[0])),
          h = std::max(T{0}, std::min(a[3], b[3]) - std::max(a[1], b[1]));
  const auto area = [](const std::array<T, 4>& box) {
    return (box[2] - box[0]) * (box[3] - box[1]);
  };
  const T both = area(a) + area(b) - w * h;
  return both > 0 ? w * h / both : T{0};
}

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

/// smooth_boxes() in one pass: boxes come four frames late, in order.
class BoxSmoother {
 public:
  explicit BoxSmoother(bool smooth) : smooth_(smooth) {}
  void push(const IntBox& box);
  /// There are no more boxes.
  void finish();
  /// The next box, or nothing when it is not decided yet.
  std::optional<IntBox> pop();

 private:
  bool smooth_;
  std::vector<IntBox> run_;  ///< the last boxes, smoothed up to ready_
  size_t ready_ = 0;
  std::deque<IntBox> out_;
};

}  // namespace vl::stages
