#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "vl/media/image.h"

namespace vl::stages {

/// The picture between its pixels, its border repeated. @param x,y 0, 0 is the first pixel's middle
template <size_t Channels>
std::array<float, Channels> bilinear(const media::Image& image, float x, float y) {
  const float cx = std::clamp(x, 0.0F, static_cast<float>(image.width - 1)),
              cy = std::clamp(y, 0.0F, static_cast<float>(image.height - 1));
  const int x0 = static_cast<int>(cx), y0 = static_cast<int>(cy);
  const int x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
  const float fx = cx - static_cast<float>(x0), fy = cy - static_cast<float>(y0);
  constexpr int kStep = Channels;
  const uint8_t *a = image.row(y0) + kStep * x0, *b = image.row(y0) + kStep * x1,
                *c = image.row(y1) + kStep * x0, *d = image.row(y1) + kStep * x1;
  std::array<float, Channels> out;
  for (size_t k = 0; k < Channels; ++k) {
    const auto at = [k](const uint8_t* p) { return static_cast<float>(p[k]); };
    const float top = at(a) + (at(b) - at(a)) * fx, low = at(c) + (at(d) - at(c)) * fx;
    out[k] = top + (low - top) * fy;
  }
  return out;
}

}  // namespace vl::stages
