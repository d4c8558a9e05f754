#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "vl/models/s3fd/s3fd.h"

namespace vl::models::s3fd {

namespace {

constexpr float kCandidate = 0.05F, kIou = 0.3F, kFarthest = 1e6F;
constexpr float kCentreVariance = 0.1F, kSizeVariance = 0.2F;

/// Intersection over union with both borders counted as pixels, without guards.
float iou(const Box& a, const Box& b) {
  const auto area = [](const Box& x) {
    return (x.box[2] - x.box[0] + 1) * (x.box[3] - x.box[1] + 1);
  };
  const float w = std::max(0.0F, std::min(a.box[2], b.box[2]) - std::max(a.box[0], b.box[0]) + 1);
  const float h = std::max(0.0F, std::min(a.box[3], b.box[3]) - std::max(a.box[1], b.box[1]) + 1);
  return w * h / (area(a) + area(b) - w * h);
}

void collect_level(const Heads& heads, size_t level, int64_t item, std::vector<Box>& out) {
  const at::Tensor face = at::softmax(heads.conf[level][item], 0)[1].contiguous(),
                   loc = heads.loc[level][item].contiguous();
  const auto stride = static_cast<float>(4 << level), size = 4 * stride;
  const int64_t columns = face.size(1), cells = face.numel();
  const float *p = face.const_data_ptr<float>(), *l = loc.const_data_ptr<float>();
  for (int64_t i = 0; i < cells; ++i) {
    if (!(p[i] > kCandidate)) continue;
    const auto at = [&](int64_t channel) { return l[channel * cells + i]; };
    const int64_t row = i / columns;
    const float cx = stride / 2 + static_cast<float>(i % columns) * stride,
                cy = stride / 2 + static_cast<float>(row) * stride;
    const float w = size * std::exp(at(2) * kSizeVariance),
                h = size * std::exp(at(3) * kSizeVariance);
    const float x1 = cx + at(0) * kCentreVariance * size - w / 2,
                y1 = cy + at(1) * kCentreVariance * size - h / 2;
    // A box beyond this is an overflow of exp(), and would not fit the integers it becomes.
    if (!(std::abs(x1) + w < kFarthest && std::abs(y1) + h < kFarthest)) continue;
    out.push_back({.box = {x1, y1, x1 + w, y1 + h}, .score = p[i]});
  }
}

}  // namespace

std::vector<Box> candidates(const Heads& heads, int64_t item) {
  std::vector<Box> out;
  for (size_t level = 0; level < heads.conf.size(); ++level) collect_level(heads, level, item, out);
  return out;
}

std::vector<size_t> suppress(const std::vector<Box>& boxes) {
  std::vector<size_t> order(boxes.size()), kept;
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return boxes[a].score > boxes[b].score; });
  for (const size_t i : order)
    if (std::none_of(kept.begin(), kept.end(),
                     [&](size_t k) { return !(iou(boxes[k], boxes[i]) <= kIou); }))
      kept.push_back(i);
  return kept;
}

std::vector<Box> detections(const Heads& heads, int64_t item, float threshold) {
  const std::vector<Box> all = candidates(heads, item);
  std::vector<Box> out;
  for (const size_t i : suppress(all))
    if (all[i].score > threshold) out.push_back(all[i]);
  return out;
}

std::vector<Box> detect(const S3fd& net, const at::Tensor& bgr, float threshold) {
  return detections(net.forward(network_frames(bgr.unsqueeze(0))), 0, threshold);
}

}  // namespace vl::models::s3fd
