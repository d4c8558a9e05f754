#include "vl/stages/find_faces.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace vl::stages {

namespace {

constexpr float kReported = 0.1F;  // scores above this are worth naming in an error

}  // namespace

FaceSighting FindFaces::look(const media::Image& bgr, float* best_score) const {
  const int side = std::max(bgr.width, bgr.height);
  const double scale =
      side > options_.longest_side ? static_cast<double>(options_.longest_side) / side : 1.0;
  const int w = std::max(1, static_cast<int>(std::lround(bgr.width * scale))),
            h = std::max(1, static_cast<int>(std::lround(bgr.height * scale)));
  const media::Image small = scale < 1.0 ? media::resize(bgr, w, h) : bgr;
  const at::Tensor pixels = at::from_blob(const_cast<uint8_t*>(small.data.data()),
                                          {small.height, small.width, 3}, at::kByte);
  const auto faces = models::yunet::detect(*net_, pixels, kReported);
  if (best_score != nullptr) *best_score = faces.empty() ? 0.0F : faces.front().score;
  const auto area = [](const models::yunet::Face& f) {
    return (f.box[2] - f.box[0]) * (f.box[3] - f.box[1]);
  };
  const models::yunet::Face* best = nullptr;
  for (const auto& f : faces) {
    if (f.score < options_.min_score) continue;
    if (best == nullptr || (!options_.by_score && area(f) > area(*best))) best = &f;
  }
  if (best == nullptr) return {};
  const auto sx = static_cast<float>(bgr.width) / static_cast<float>(small.width),
             sy = static_cast<float>(bgr.height) / static_cast<float>(small.height);
  const IntBox rect =
      truncate_rect({best->box[0] * sx, best->box[1] * sy, best->box[2] * sx, best->box[3] * sy});
  const IntBox padded = pad_rect(rect, options_.pads, bgr.width, bgr.height);
  if (!usable(padded, bgr.width, bgr.height)) return {};
  return {FaceSighting::State::kFace, padded};
}

}  // namespace vl::stages
