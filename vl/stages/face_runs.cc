#include "vl/stages/face_runs.h"

#include <algorithm>
#include <cstring>

namespace vl::stages {

namespace {

using Box = std::array<double, 4>;

constexpr int64_t kMostMissing = 25, kTrack = 100;
constexpr double kSameFace = 0.5, kCropScale = 0.4;
constexpr int64_t kMedian = 13;
constexpr int kCropSide = 224;
constexpr uint8_t kOutside = 110;

/// Appends the frames after the run's last up to `box` at `frame`.
void extend(FaceRun& run, int64_t frame, const Box& box) {
  const Box last = run.boxes.back();
  const int64_t from = run.end() - 1;
  for (int64_t f = run.end(); f <= frame; ++f) {
    const double t = static_cast<double>(f - from) / static_cast<double>(frame - from);
    Box between = box;
    for (size_t i = 0; i < 4; ++i) between[i] = last[i] + t * (box[i] - last[i]);
    run.boxes.push_back(between);
  }
}

/// Median over 13 values around each.
std::vector<double> median_filter(const std::vector<double>& x) {
  const auto n = static_cast<int64_t>(x.size());
  std::vector<double> out(x.size()), window;
  for (int64_t i = 0; i < n; ++i) {
    window.clear();
    for (int64_t j = i - kMedian / 2; j <= i + kMedian / 2; ++j) {
      if (j >= 0 && j < n)
        window.push_back(x[static_cast<size_t>(j)]);
      else if (n >= kMedian)
        window.push_back(0.0);
    }
    const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
    std::nth_element(window.begin(), middle, window.end());
    out[static_cast<size_t>(i)] = *middle;
  }
  return out;
}

}  // namespace

std::vector<FaceRun> face_runs(const std::vector<std::optional<IntBox>>& boxes) {
  std::vector<FaceRun> out;
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (!boxes[i]) continue;
    Box box;
    std::copy(boxes[i]->begin(), boxes[i]->end(), box.begin());
    const auto frame = static_cast<int64_t>(i);
    if (!out.empty() && frame - out.back().end() < kMostMissing &&
        overlap(out.back().boxes.back(), box) > kSameFace)
      extend(out.back(), frame, box);
    else
      out.push_back({frame, {box}});
  }
  return out;
}

std::vector<FaceRun> scored_runs(const std::vector<FaceRun>& runs) {
  std::vector<FaceRun> out;
  const FaceRun* longest = nullptr;
  for (const FaceRun& run : runs) {
    if (run.boxes.size() >= static_cast<size_t>(kTrack)) out.push_back(run);
    if (longest == nullptr || run.boxes.size() > longest->boxes.size()) longest = &run;
  }
  if (out.empty() && longest != nullptr) out.push_back(*longest);
  return out;
}

std::vector<FaceSquare> face_squares(const std::vector<Box>& boxes) {
  std::vector<double> half, x, y;
  for (const Box& b : boxes) {
    half.push_back(std::max(b[3] - b[1], b[2] - b[0]) / 2);
    x.push_back((b[0] + b[2]) / 2);
    y.push_back((b[1] + b[3]) / 2);
  }
  half = median_filter(half), x = median_filter(x), y = median_filter(y);
  std::vector<FaceSquare> out;
  for (size_t i = 0; i < boxes.size(); ++i) out.push_back({half[i], x[i], y[i]});
  return out;
}

media::Image square_crop(const media::Image& bgr, const FaceSquare& s) {
  // The public code pads the picture by `margin` first, so all its bounds are positive.
  const int margin = static_cast<int>(s.half * (1 + 2 * kCropScale));
  const double my = s.y + margin, mx = s.x + margin;
  const int top = static_cast<int>(my - s.half) - margin,
            bottom = static_cast<int>(my + s.half * (1 + 2 * kCropScale)) - margin,
            left = static_cast<int>(mx - s.half * (1 + kCropScale)) - margin,
            right = static_cast<int>(mx + s.half * (1 + kCropScale)) - margin;
  media::Image part(std::max(1, right - left), std::max(1, bottom - top));
  std::fill(part.data.begin(), part.data.end(), kOutside);
  const int x1 = std::max(left, 0), x2 = std::min(left + part.width, bgr.width);
  for (int y = std::max(top, 0); y < std::min(top + part.height, bgr.height) && x1 < x2; ++y)
    std::memcpy(part.row(y - top) + 3 * (x1 - left), bgr.row(y) + 3 * x1,
                3 * static_cast<size_t>(x2 - x1));
  return media::resize(part, kCropSide, kCropSide);
}

}  // namespace vl::stages
