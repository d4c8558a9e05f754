#include "vl/stages/compat_faces.h"

#include <cmath>

#include "vl/core/error.h"

namespace vl::stages {

media::Image compat_picture(const media::Image& bgr, const CompatPicture& o) {
  const auto factor = static_cast<int>(o.resize_factor);
  media::Image out = factor > 1 ? media::resize(bgr, bgr.width / factor, bgr.height / factor) : bgr;
  out = media::rotate(out, o.rotate);
  const auto end = [](int64_t value, int most) {
    return static_cast<int>(value == -1 ? most : std::min<int64_t>(value, most));
  };
  const media::Rect part{static_cast<int>(o.crop[2]), static_cast<int>(o.crop[0]),
                         end(o.crop[3], out.width), end(o.crop[1], out.height)};
  const bool whole = part.x1 == 0 && part.y1 == 0 && part.x2 == out.width && part.y2 == out.height;
  return whole ? out : media::crop(out, part);
}

Placement placement_of(const IntBox& b) {
  return {.x1 = static_cast<float>(b[0]),
          .y1 = static_cast<float>(b[1]),
          .x2 = static_cast<float>(b[2]),
          .y2 = static_cast<float>(b[3])};
}

IntBox box_of(const Placement& p) {
  return {std::lround(p.x1), std::lround(p.y1), std::lround(p.x2), std::lround(p.y2)};
}

void CompatFaces::push(media::Image picture, int64_t pts, int64_t duration) {
  if (failure_) return;
  times_.push_back({pts, duration});
  ++frames_;
  if (o_.box) {
    if (!usable(*o_.box, picture.width, picture.height))
      fail(Code::kBoxOutside, "box leaves the picture of {} x {}", picture.width, picture.height);
    smoother_.push(*o_.box);
    ++taken_;
    drain();
    return;
  }
  waiting_.push_back(std::move(picture));
  if (static_cast<int64_t>(waiting_.size()) >= o_.batch) flush();
}

void CompatFaces::flush() {
  if (waiting_.empty()) return;
  std::vector<const media::Image*> pictures;
  for (const media::Image& p : waiting_) pictures.push_back(&p);
  const auto finds = finder_->find(pictures);
  calls_ += static_cast<int64_t>(pictures.size());
  for (size_t i = 0; i < finds.size() && !failure_; ++i) take(waiting_[i], finds[i]);
  waiting_.clear();
  drain();
}

void CompatFaces::take(const media::Image& picture, const std::vector<FoundFace>& faces) {
  const float best = faces.empty() ? 0 : faces.front().score;
  if (best > o_.min_score) {
    const IntBox box =
        pad_rect(truncate_rect(faces.front().box), o_.pads, picture.width, picture.height);
    if (usable(box, picture.width, picture.height)) {
      smoother_.push(box);
      ++taken_;
      return;
    }
  }
  failure_ = Failure{taken_, best, picture};
}

void CompatFaces::drain() {
  while (const auto box = smoother_.pop()) {
    map_.push(
        {.pts = times_.front()[0], .duration = times_.front()[1], .faces = {placement_of(*box)}});
    times_.pop_front();
  }
}

void CompatFaces::finish() {
  flush();
  if (failure_) return;
  smoother_.finish();
  drain();
  map_.finish({.with_face = frames_, .tracks = frames_ > 0 ? 1 : 0, .detector_calls = calls_});
}

}  // namespace vl::stages
