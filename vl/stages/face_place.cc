#include "vl/stages/face_place.h"

#include <algorithm>
#include <cmath>

namespace vl::stages {

namespace {

constexpr size_t kReach = 2;                         // frames on each side that a mean takes
constexpr float kFlat = 0.05F;                       // radians of roll that count as none
constexpr float kTall = 1.3F;                        // height over width of a face
constexpr float kProfile = 0.05F, kFrontal = 0.15F;  // of turn_of, from either end
constexpr float kCloseEyes = 0.18F;                  // of the box width: the eyes of a profile

}  // namespace

float turn_of(const Landmarks& p) {
  const float ex = p[1][0] - p[0][0], ey = p[1][1] - p[0][1], length = ex * ex + ey * ey;
  if (length <= 0) return -1;
  return ((p[2][0] - p[0][0]) * ex + (p[2][1] - p[0][1]) * ey) / length;
}

float roll_of(const Landmarks& p) { return std::atan2(p[1][1] - p[0][1], p[1][0] - p[0][0]); }

std::optional<Placement> FacePlacer::place(const Sighting& s) {
  const FoundFace f = scaled(s.face, options_.scale_x, options_.scale_y);
  float cx = (f.box[0] + f.box[2]) / 2, cy = (f.box[1] + f.box[3]) / 2;
  float w = f.width(), h = f.height(), roll = 0;
  if (options_.align && f.points) {
    const Landmarks& p = *f.points;
    const float turn = turn_of(p), margin = std::min(turn, 1 - turn);
    const bool close = std::hypot(p[1][0] - p[0][0], p[1][1] - p[0][1]) < kCloseEyes * w;
    bool& profile = profile_[s.track];
    profile = close || margin < (profile ? kFrontal : kProfile);
    if (profile) return std::nullopt;
    const float angle = roll_of(p);
    roll = std::copysign(std::max(0.0F, std::abs(angle) - kFlat), angle);
    // The find is upright around a face that is not.
    const float c = std::abs(std::cos(roll)), n = std::abs(std::sin(roll));
    w /= c + kTall * n;
    h /= c + n / kTall;
  }
  const auto& pads = options_.pads;
  const float left = -w / 2 - static_cast<float>(pads.left),
              right = w / 2 + static_cast<float>(pads.right),
              top = -h / 2 - static_cast<float>(pads.top),
              bottom = h / 2 + static_cast<float>(pads.bottom);
  if (!(right - left >= 2 && bottom - top >= 2)) return std::nullopt;
  const float mx = (left + right) / 2, my = (top + bottom) / 2;
  cx += mx * std::cos(roll) - my * std::sin(roll);
  cy += mx * std::sin(roll) + my * std::cos(roll);
  const float hw = (right - left) / 2, hh = (bottom - top) / 2;
  return Placement{
      .x1 = cx - hw, .y1 = cy - hh, .x2 = cx + hw, .y2 = cy + hh, .roll = roll, .track = s.track};
}

void FacePlacer::push(const SeenFrame& frame) {
  PlacedFrame placed{.cut = frame.cut};
  if (frame.cut) profile_.clear();
  for (const Sighting& s : frame.faces)
    if (const auto p = place(s)) placed.faces.push_back(*p);
  raw_.push_back(std::move(placed));
  emit();
}

void FacePlacer::finish() {
  ended_ = true;
  emit();
}

const Placement* FacePlacer::find(size_t frame, int track) const {
  for (const Placement& p : raw_[frame].faces)
    if (p.track == track) return &p;
  return nullptr;
}

Placement FacePlacer::smoothed(size_t frame, const Placement& raw) const {
  Placement sum = raw;
  float n = 1;
  const auto add = [&](const Placement& p) {
    sum.x1 += p.x1, sum.y1 += p.y1, sum.x2 += p.x2, sum.y2 += p.y2, sum.roll += p.roll;
    ++n;
  };
  for (size_t k = 1; k <= kReach && frame >= k && !raw_[frame - k + 1].cut; ++k) {
    const Placement* p = find(frame - k, raw.track);
    if (p == nullptr) break;
    add(*p);
  }
  for (size_t k = 1; k <= kReach && frame + k < raw_.size() && !raw_[frame + k].cut; ++k) {
    const Placement* p = find(frame + k, raw.track);
    if (p == nullptr) break;
    add(*p);
  }
  sum.x1 /= n, sum.y1 /= n, sum.x2 /= n, sum.y2 /= n, sum.roll /= n;
  return sum;
}

float FacePlacer::strength(size_t frame, int track) const {
  float out = 1;
  const auto share = [](size_t k) { return static_cast<float>(k) / (kFade + 1); };
  for (size_t k = 1; k <= kFade && frame >= k && !raw_[frame - k + 1].cut; ++k)
    if (find(frame - k, track) == nullptr) out = std::min(out, share(k));
  for (size_t k = 1; k <= kFade && frame + k < raw_.size() && !raw_[frame + k].cut; ++k)
    if (find(frame + k, track) == nullptr) out = std::min(out, share(k));
  return out;
}

void FacePlacer::emit() {
  while (next_ < raw_.size() && (ended_ || next_ + kFade < raw_.size())) {
    PlacedFrame frame{.cut = raw_[next_].cut};
    for (const Placement& p : raw_[next_].faces) {
      Placement placed = options_.smooth ? smoothed(next_, p) : p;
      placed.strength = strength(next_, p.track);
      frame.faces.push_back(placed);
    }
    out_.push_back(std::move(frame));
    if (++next_ > kFade) raw_.pop_front(), --next_;
  }
}

std::optional<PlacedFrame> FacePlacer::pop() {
  if (out_.empty()) return std::nullopt;
  PlacedFrame out = std::move(out_.front());
  out_.pop_front();
  return out;
}

}  // namespace vl::stages
