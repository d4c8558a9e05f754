#include "vl/media/paste.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vl::media {

void network_input(const Image& crop, float* out) {
  const int size = crop.width, plane = size * size;
  for (int y = 0; y < size; ++y) {
    const uint8_t* row = crop.row(y);
    for (int x = 0; x < size; ++x)
      for (int c = 0; c < 3; ++c) {
        const float v = static_cast<float>(row[3 * x + c]) / 255.0F;
        out[(3 + c) * plane + y * size + x] = v;
        out[c * plane + y * size + x] = y < size / 2 ? v : 0.0F;
      }
  }
}

Image prediction_image(const float* planes, int size) {
  Image out(size, size);
  const int plane = size * size;
  for (int i = 0; i < plane; ++i)
    for (int c = 0; c < 3; ++c)
      out.data[3 * static_cast<size_t>(i) + static_cast<size_t>(c)] =
          static_cast<uint8_t>(std::clamp(planes[c * plane + i] * 255.0F, 0.0F, 255.0F));
  return out;
}

void paste_box(Image& frame, const Rect& box, const Image& prediction) {
  const Image p = resize(prediction, box.width(), box.height());
  for (int y = 0; y < p.height; ++y)
    std::memcpy(frame.row(box.y1 + y) + 3 * box.x1, p.row(y), 3 * static_cast<size_t>(p.width));
}

}  // namespace vl::media
