#include "vl/media/paste.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vl::media {

namespace {

constexpr double kMouthFrom = 0.45, kFeatherShare = 0.08;
constexpr int kMinFeather = 4;

}  // namespace

void network_input(const Image& crop96, float* out) {
  constexpr int kPlane = kLipSize * kLipSize;
  for (int y = 0; y < kLipSize; ++y) {
    const uint8_t* row = crop96.row(y);
    for (int x = 0; x < kLipSize; ++x)
      for (int c = 0; c < 3; ++c) {
        const float v = static_cast<float>(row[3 * x + c]) / 255.0F;
        out[(3 + c) * kPlane + y * kLipSize + x] = v;
        out[c * kPlane + y * kLipSize + x] = y < kLipSize / 2 ? v : 0.0F;
      }
  }
}

Image prediction_image(const float* planes) {
  Image out(kLipSize, kLipSize);
  constexpr int kPlane = kLipSize * kLipSize;
  for (int i = 0; i < kPlane; ++i)
    for (int c = 0; c < 3; ++c)
      out.data[3 * static_cast<size_t>(i) + static_cast<size_t>(c)] =
          static_cast<uint8_t>(std::clamp(planes[c * kPlane + i] * 255.0F, 0.0F, 255.0F));
  return out;
}

void paste_box(Image& frame, const Rect& box, const Image& prediction) {
  const Image p = resize(prediction, box.width(), box.height());
  for (int y = 0; y < p.height; ++y)
    std::memcpy(frame.row(box.y1 + y) + 3 * box.x1, p.row(y), 3 * static_cast<size_t>(p.width));
}

Rect paste_mouth(Image& frame, const Rect& box, const Image& prediction, int feather) {
  const Image p = resize(prediction, box.width(), box.height());
  const int top = static_cast<int>(std::lround(kMouthFrom * box.height()));
  const int soft =
      feather >= 0
          ? feather
          : std::max(kMinFeather, static_cast<int>(std::lround(kFeatherShare * box.height())));
  for (int y = top; y < p.height; ++y) {
    uint8_t* to = frame.row(box.y1 + y) + 3 * box.x1;
    const uint8_t* from = p.row(y);
    for (int x = 0; x < p.width; ++x) {
      const int edge = std::min({y - top, p.height - 1 - y, x, p.width - 1 - x});
      const int alpha = edge >= soft ? 256 : 256 * (edge + 1) / (soft + 1);
      for (int c = 0; c < 3; ++c) {
        const int i = 3 * x + c;
        to[i] = static_cast<uint8_t>((to[i] * (256 - alpha) + from[i] * alpha + 128) >> 8);
      }
    }
  }
  return {box.x1, box.y1 + top, box.x2, box.y2};
}

}  // namespace vl::media
