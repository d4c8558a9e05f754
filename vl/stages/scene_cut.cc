#include "vl/stages/scene_cut.h"

#include <algorithm>
#include <cstdlib>

namespace vl::stages {

namespace {

constexpr int kWidth = 64, kHeight = 36;
constexpr double kOverlap = 0.55, kDifference = 24.0;

}  // namespace

media::Image area_thumbnail(const media::Image& luma, int width, int height) {
  media::Image out(width, height, 1);
  for (int y = 0; y < height; ++y) {
    const int y1 = y * luma.height / height, y2 = std::max(y1 + 1, (y + 1) * luma.height / height);
    for (int x = 0; x < width; ++x) {
      const int x1 = x * luma.width / width, x2 = std::max(x1 + 1, (x + 1) * luma.width / width);
      int sum = 0;
      for (int v = y1; v < y2; ++v)
        for (int u = x1; u < x2; ++u) sum += luma.row(v)[u];
      out.row(y)[x] = static_cast<uint8_t>(sum / ((y2 - y1) * (x2 - x1)));
    }
  }
  return out;
}

media::Image green_channel(const media::Image& bgr) {
  media::Image out(bgr.width, bgr.height, 1);
  for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = bgr.data[3 * i + 1];
  return out;
}

bool SceneCut::push(const media::Image& luma) {
  media::Image thumb = area_thumbnail(luma, kWidth, kHeight);
  std::array<int, 64> histogram = {};
  for (const uint8_t v : thumb.data) ++histogram[v / 4];
  bool cut = false;
  if (!last_.empty()) {
    int overlap = 0;
    int64_t difference = 0;
    for (size_t i = 0; i < histogram.size(); ++i)
      overlap += std::min(histogram[i], last_histogram_[i]);
    for (size_t i = 0; i < thumb.data.size(); ++i)
      difference += std::abs(int{thumb.data[i]} - int{last_[i]});
    const auto n = static_cast<double>(thumb.data.size());
    cut = overlap<kOverlap * n&& static_cast<double>(difference)> kDifference * n;
  }
  last_ = std::move(thumb.data);
  last_histogram_ = histogram;
  return cut;
}

}  // namespace vl::stages
