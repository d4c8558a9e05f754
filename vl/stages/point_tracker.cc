#include "vl/stages/point_tracker.h"

#include <algorithm>
#include <cmath>

#include "vl/stages/bilinear.h"
#include "vl/stages/scene_cut.h"

namespace vl::stages {

namespace {

constexpr int kReach = 7, kIterations = 12;  // a window is 2 * kReach + 1 wide
constexpr float kLeastTexture = 1.0F;        // smaller eigenvalue, squared grey levels a pixel
constexpr float kSettled = 0.02F, kWayBack = 1.0F;
constexpr size_t kLeastPoints = 3;
constexpr float kMostScale = 1.25F;

float sample(const media::Image& image, float x, float y) { return bilinear<1>(image, x, y)[0]; }

/// Window of one picture with its gradients, and the inverse of their matrix.
struct Window {
  static constexpr int kSide = 2 * kReach + 1;
  std::array<float, kSide * kSide> value, dx, dy;
  float xx = 0, xy = 0, yy = 0;
  bool textured = false;

  Window(const media::Image& image, float x, float y) {
    size_t i = 0;
    for (int v = -kReach; v <= kReach; ++v)
      for (int u = -kReach; u <= kReach; ++u, ++i) {
        const float px = x + static_cast<float>(u), py = y + static_cast<float>(v);
        value[i] = sample(image, px, py);
        dx[i] = (sample(image, px + 1, py) - sample(image, px - 1, py)) * 0.5F;
        dy[i] = (sample(image, px, py + 1) - sample(image, px, py - 1)) * 0.5F;
        xx += dx[i] * dx[i], xy += dx[i] * dy[i], yy += dy[i] * dy[i];
      }
    const float half = (xx + yy) / 2, root = std::sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
    textured = half - root > kLeastTexture * static_cast<float>(kSide * kSide);
  }
};

/// Refines the shift on one level. @return false where the texture is too weak
bool refine(const media::Image& from, const media::Image& to, float x, float y, Point& shift) {
  const Window w(from, x, y);
  if (!w.textured) return false;
  const float det = w.xx * w.yy - w.xy * w.xy;
  for (int k = 0; k < kIterations; ++k) {
    float bx = 0, by = 0;
    size_t i = 0;
    for (int v = -kReach; v <= kReach; ++v)
      for (int u = -kReach; u <= kReach; ++u, ++i) {
        const float e = w.value[i] - sample(to, x + shift[0] + static_cast<float>(u),
                                            y + shift[1] + static_cast<float>(v));
        bx += e * w.dx[i], by += e * w.dy[i];
      }
    const float sx = (w.yy * bx - w.xy * by) / det, sy = (w.xx * by - w.xy * bx) / det;
    shift[0] += sx, shift[1] += sy;
    if (std::abs(sx) + std::abs(sy) < kSettled) break;
  }
  return std::isfinite(shift[0]) && std::isfinite(shift[1]);
}

std::optional<Point> one_way(const Pyramid& from, const Pyramid& to, const Point& p) {
  Point shift = {0, 0};
  bool found = false;
  for (int level = Pyramid::kLevels - 1; level >= 0; --level) {
    const float scale = 1.0F / static_cast<float>(1 << level);
    shift = {shift[0] * 2, shift[1] * 2};
    Point refined = shift;
    found = refine(from.level(level), to.level(level), p[0] * scale, p[1] * scale, refined);
    if (found) shift = refined;
  }
  if (!found) return std::nullopt;
  return Point{p[0] + shift[0], p[1] + shift[1]};
}

float distance(const Point& a, const Point& b) { return std::hypot(a[0] - b[0], a[1] - b[1]); }

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<Point> points_of(const FoundFace& face) {
  if (face.points) return {face.points->begin(), face.points->end()};
  std::vector<Point> out;
  for (const float v : {0.35F, 0.5F, 0.65F})
    for (const float u : {0.3F, 0.5F, 0.7F})
      out.push_back({face.box[0] + u * face.width(), face.box[1] + v * face.height()});
  return out;
}

}  // namespace

Pyramid::Pyramid(media::Image luma) {
  levels_.push_back(std::move(luma));
  for (int i = 1; i < kLevels; ++i) {
    const media::Image& last = levels_.back();
    levels_.push_back(
        area_thumbnail(last, std::max(1, last.width / 2), std::max(1, last.height / 2)));
  }
}

std::optional<Point> track_point(const Pyramid& from, const Pyramid& to, const Point& point) {
  const auto there = one_way(from, to, point);
  if (!there) return std::nullopt;
  const auto back = one_way(to, from, *there);
  if (!back || distance(*back, point) > kWayBack) return std::nullopt;
  return there;
}

std::optional<FoundFace> track_face(const Pyramid& from, const Pyramid& to, const FoundFace& face) {
  std::vector<Point> before, after;
  for (const Point& p : points_of(face))
    if (const auto q = track_point(from, to, p)) before.push_back(p), after.push_back(*q);
  if (before.size() < kLeastPoints) return std::nullopt;
  std::vector<float> dx, dy, ratios;
  for (size_t i = 0; i < before.size(); ++i) {
    dx.push_back(after[i][0] - before[i][0]), dy.push_back(after[i][1] - before[i][1]);
    for (size_t j = i + 1; j < before.size(); ++j)
      if (const float d = distance(before[i], before[j]); d > 1)
        ratios.push_back(distance(after[i], after[j]) / d);
  }
  const float scale =
      ratios.empty() ? 1.0F : std::clamp(median(ratios), 1 / kMostScale, kMostScale);
  const float cx = (face.box[0] + face.box[2]) / 2, cy = (face.box[1] + face.box[3]) / 2;
  const float mx = median(dx), my = median(dy);
  const auto moved = [&](float x, float y) {
    return Point{cx + mx + (x - cx) * scale, cy + my + (y - cy) * scale};
  };
  FoundFace out = face;
  const Point a = moved(face.box[0], face.box[1]), b = moved(face.box[2], face.box[3]);
  out.box = {a[0], a[1], b[0], b[1]};
  if (out.points)
    for (Point& p : *out.points) p = moved(p[0], p[1]);
  return out;
}

}  // namespace vl::stages
