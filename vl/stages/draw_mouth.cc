#include "vl/stages/draw_mouth.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "vl/stages/bilinear.h"

namespace vl::stages {

namespace {

constexpr float kMouthFrom = 0.45F, kFeatherShare = 0.08F, kRing = 6.0F;
constexpr float kEllipseX = 0.44F, kEllipseY = 0.47F;  // radii of the face in its rectangle
constexpr int kLeastFeather = 4;
constexpr double kMostGain = 1.25, kMostShift = 24.0;

using Colour = std::array<float, 3>;

/// Positions in the rectangle, 0..1, for pixels of the picture.
class FaceFrame {
 public:
  explicit FaceFrame(const Placement& p) : p_(p), cos_(std::cos(p.roll)), sin_(std::sin(p.roll)) {}
  Point to_face(float x, float y) const {
    // A pixel's centre is half a pixel behind its number.
    const float dx = x + 0.5F - p_.centre_x(), dy = y + 0.5F - p_.centre_y();
    return {(dx * cos_ + dy * sin_) / p_.width() + 0.5F,
            (dy * cos_ - dx * sin_) / p_.height() + 0.5F};
  }
  Point to_picture(float u, float v) const {
    const float dx = (u - 0.5F) * p_.width(), dy = (v - 0.5F) * p_.height();
    return {p_.centre_x() + dx * cos_ - dy * sin_ - 0.5F,
            p_.centre_y() + dx * sin_ + dy * cos_ - 0.5F};
  }

 private:
  const Placement& p_;
  float cos_, sin_;
};

/// Pixels from the border of what is drawn, positive inside.
float depth(const Placement& p, const Point& at, bool whole) {
  const float side =
      std::min(std::min(at[0], 1 - at[0]) * p.width(), std::min(at[1], 1 - at[1]) * p.height());
  if (whole) return side;
  const float u = (at[0] - 0.5F) / kEllipseX, v = (at[1] - 0.5F) / kEllipseY;
  const float face =
      (1 - std::hypot(u, v)) * std::min(kEllipseX * p.width(), kEllipseY * p.height());
  return std::min(face, (at[1] - kMouthFrom) * p.height());
}

/// Factor and shift that bring the prediction to the picture's light and contrast.
struct Match {
  std::array<double, 3> gain = {1, 1, 1}, shift = {0, 0, 0};
};

struct Moments {
  double n = 0;
  std::array<double, 3> sum = {}, square = {};
  void add(const Colour& c) {
    ++n;
    for (size_t k = 0; k < 3; ++k) sum[k] += c[k], square[k] += double{c[k]} * c[k];
  }
  double mean(size_t k) const { return sum[k] / n; }
  double deviation(size_t k) const {
    return std::sqrt(std::max(0.0, square[k] / n - mean(k) * mean(k)));
  }
};

class Drawing {
 public:
  Drawing(media::Image& region, const media::Rect& at, const Placement& place,
          const media::Image& prediction, const DrawOptions& options)
      : region_(region),
        at_(at),
        place_(place),
        prediction_(prediction),
        o_(options),
        frame_(place) {
    feather_ = static_cast<float>(
        o_.feather >= 0 ? o_.feather
                        : std::max(kLeastFeather,
                                   static_cast<int>(std::lround(kFeatherShare * place.height()))));
  }

  media::Image run() {
    if (o_.color_match && !o_.whole_box) measure();
    media::Image mask(region_.width, region_.height, 1);
    each([&](int x, int y, const Point& face, float inside) {
      if (!(inside > 0)) return;
      const float soft = feather_ > 0 ? std::min(1.0F, inside / feather_) : 1.0F;
      const float alpha = soft * soft * (3 - 2 * soft) * place_.strength;
      const Colour c = predicted(face);
      uint8_t* to = region_.row(y) + 3 * x;
      for (size_t k = 0; k < 3; ++k) {
        const float matched =
            c[k] * static_cast<float>(match_.gain[k]) + static_cast<float>(match_.shift[k]);
        const float value =
            static_cast<float>(to[k]) + (matched - static_cast<float>(to[k])) * alpha;
        to[k] = static_cast<uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
      }
      mask.row(y)[x] = 255;
    });
    return mask;
  }

 private:
  template <class Use>
  void each(const Use& use) const {
    for (int y = 0; y < region_.height; ++y)
      for (int x = 0; x < region_.width; ++x) {
        const Point face =
            frame_.to_face(static_cast<float>(at_.x1 + x), static_cast<float>(at_.y1 + y));
        if (!(face[0] >= 0 && face[0] < 1 && face[1] >= 0 && face[1] < 1)) continue;
        use(x, y, face, depth(place_, face, o_.whole_box));
      }
  }

  Colour predicted(const Point& face) const {
    const auto size = static_cast<float>(prediction_.width);
    return bilinear<3>(prediction_, face[0] * size - 0.5F, face[1] * size - 0.5F);
  }

  void measure() {
    Moments picture, drawn;
    each([&](int x, int y, const Point& face, float inside) {
      if (inside > 0 || inside < -kRing) return;
      const uint8_t* from = region_.row(y) + 3 * x;
      picture.add(
          {static_cast<float>(from[0]), static_cast<float>(from[1]), static_cast<float>(from[2])});
      drawn.add(predicted(face));
    });
    if (picture.n < 16) return;
    for (size_t k = 0; k < 3; ++k) {
      if (drawn.deviation(k) > 1)
        match_.gain[k] =
            std::clamp(picture.deviation(k) / drawn.deviation(k), 1 / kMostGain, kMostGain);
      const double shift = picture.mean(k) - drawn.mean(k);
      // The ring keeps its mean whatever the factor.
      match_.shift[k] =
          std::clamp(shift, -kMostShift, kMostShift) + drawn.mean(k) * (1 - match_.gain[k]);
    }
  }

  media::Image& region_;
  const media::Rect& at_;
  const Placement& place_;
  const media::Image& prediction_;
  const DrawOptions& o_;
  FaceFrame frame_;
  Match match_;
  float feather_ = 0;
};

}  // namespace

media::Rect region_of(const Placement& p, int width, int height) {
  const float c = std::abs(std::cos(p.roll)), s = std::abs(std::sin(p.roll));
  const float hw = (p.width() * c + p.height() * s) / 2, hh = (p.width() * s + p.height() * c) / 2;
  const auto clamp = [](float v, int most) {
    return static_cast<int>(std::clamp(v, 0.0F, static_cast<float>(most)));
  };
  const media::Rect r{clamp(std::floor(p.centre_x() - hw) - 1, width),
                      clamp(std::floor(p.centre_y() - hh) - 1, height),
                      clamp(std::ceil(p.centre_x() + hw) + 1, width),
                      clamp(std::ceil(p.centre_y() + hh) + 1, height)};
  return r.width() > 0 && r.height() > 0 ? r : media::Rect{};
}

media::Image face_crop(const media::Image& region, const media::Rect& at, const Placement& place,
                       int size) {
  media::Image out(size, size);
  const FaceFrame frame(place);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const Point p = frame.to_picture((static_cast<float>(x) + 0.5F) / static_cast<float>(size),
                                       (static_cast<float>(y) + 0.5F) / static_cast<float>(size));
      const Colour c =
          bilinear<3>(region, p[0] - static_cast<float>(at.x1), p[1] - static_cast<float>(at.y1));
      for (size_t k = 0; k < 3; ++k)
        out.row(y)[3 * x + static_cast<int>(k)] = static_cast<uint8_t>(std::lround(c[k]));
    }
  return out;
}

media::Image draw_mouth(media::Image& region, const media::Rect& at, const Placement& place,
                        const media::Image& prediction, const DrawOptions& options) {
  return Drawing(region, at, place, prediction, options).run();
}

}  // namespace vl::stages
