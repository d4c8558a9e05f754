#include "vl/media/image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vl/core/error.h"

namespace vl::media {

Image crop(const Image& image, const Rect& r) {
  if (r.x1 < 0 || r.y1 < 0 || r.x2 > image.width || r.y2 > image.height || r.width() <= 0 ||
      r.height() <= 0)
    fail(Code::kBoxOutside, "box {},{} to {},{} leaves the picture of {} x {}", r.x1, r.y1, r.x2,
         r.y2, image.width, image.height);
  Image out(r.width(), r.height(), image.channels);
  for (int y = 0; y < out.height; ++y)
    std::memcpy(out.row(y), image.row(r.y1 + y) + r.x1 * image.channels,
                static_cast<size_t>(out.width) * out.channels);
  return out;
}

Image rotate(const Image& image, int degrees) {
  if (degrees == 0) return image;
  const bool turned = degrees == 90 || degrees == 270;
  Image out(turned ? image.height : image.width, turned ? image.width : image.height,
            image.channels);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const int sx = degrees == 90 ? y : degrees == 180 ? image.width - 1 - x : image.width - 1 - y;
      const int sy = degrees == 90    ? image.height - 1 - x
                     : degrees == 180 ? image.height - 1 - y
                                      : x;
      std::memcpy(out.row(y) + x * out.channels, image.row(sy) + sx * image.channels,
                  static_cast<size_t>(out.channels));
    }
  return out;
}

namespace {

/// Source index and fixed-point weights of each target position along one axis.
struct Axis {
  std::vector<int> index, w0, w1;
};

Axis make_axis(int source, int target, bool clamp_weights) {
  Axis a;
  const double scale = 1.0 / (static_cast<double>(target) / source);
  for (int d = 0; d < target; ++d) {
    float f = static_cast<float>((d + 0.5) * scale - 0.5);
    int s = static_cast<int>(std::floor(f));
    f -= static_cast<float>(s);
    if (clamp_weights && s < 0) s = 0, f = 0;
    if (clamp_weights && s >= source - 1) s = source - 1, f = 0;
    a.index.push_back(s);
    a.w0.push_back(static_cast<int>(std::nearbyint((1.0F - f) * 2048.0F)));
    a.w1.push_back(static_cast<int>(std::nearbyint(f * 2048.0F)));
  }
  return a;
}

void horizontal(const Image& in, int y, const Axis& x, std::vector<int>& out) {
  const uint8_t* row = in.row(y);
  const int c = in.channels;
  size_t o = 0;
  for (size_t d = 0; d < x.index.size(); ++d) {
    const uint8_t* p = row + x.index[d] * c;
    const uint8_t* q = row + std::min(x.index[d] + 1, in.width - 1) * c;
    for (int k = 0; k < c; ++k) out[o++] = p[k] * x.w0[d] + q[k] * x.w1[d];
  }
}

}  // namespace

Image resize(const Image& image, int width, int height) {
  if (image.width < 1 || image.height < 1 || width < 1 || height < 1)
    fail(Code::kBadValue, "cannot resize {} x {} to {} x {}", image.width, image.height, width,
         height);
  const Axis ax = make_axis(image.width, width, true), ay = make_axis(image.height, height, false);
  Image out(width, height, image.channels);
  const size_t n = static_cast<size_t>(width) * image.channels;
  std::vector<int> rows[2] = {std::vector<int>(n), std::vector<int>(n)};
  int held[2] = {-1, -1};
  for (int d = 0; d < height; ++d) {
    const int wanted[2] = {std::clamp(ay.index[d], 0, image.height - 1),
                           std::clamp(ay.index[d] + 1, 0, image.height - 1)};
    if (held[1] == wanted[0] && held[0] != wanted[0])
      std::swap(rows[0], rows[1]), std::swap(held[0], held[1]);
    for (int k = 0; k < 2; ++k)
      if (held[k] != wanted[k]) horizontal(image, wanted[k], ax, rows[k]), held[k] = wanted[k];
    uint8_t* o = out.row(d);
    const int b0 = ay.w0[d], b1 = ay.w1[d];
    for (size_t i = 0; i < n; ++i)
      o[i] = static_cast<uint8_t>(
          (((b0 * (rows[0][i] >> 4)) >> 16) + ((b1 * (rows[1][i] >> 4)) >> 16) + 2) >> 2);
  }
  return out;
}

}  // namespace vl::media
