#pragma once

#include <cstdint>
#include <vector>

namespace vl::media {

/// Interleaved 8-bit picture, rows without padding. Colour pictures are B G R.
struct Image {
  int width = 0, height = 0, channels = 3;
  std::vector<uint8_t> data;

  Image() = default;
  Image(int w, int h, int c = 3)
      : width(w), height(h), channels(c), data(static_cast<size_t>(w) * h * c) {}
  const uint8_t* row(int y) const {
    return data.data() + static_cast<size_t>(y) * width * channels;
  }
  uint8_t* row(int y) { return data.data() + static_cast<size_t>(y) * width * channels; }
};

/// Columns [x1, x2), rows [y1, y2).
struct Rect {
  int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  int width() const { return x2 - x1; }
  int height() const { return y2 - y1; }
};

/// The part inside the rectangle. @throws Error(kBoxOutside) when it is empty or leaves the picture
Image crop(const Image& image, const Rect& rect);
/// Clockwise by 0, 90, 180 or 270 degrees.
Image rotate(const Image& image, int degrees);

/// OpenCV's INTER_LINEAR on 8-bit pictures, bit for bit: fixed-point weights of 1/2048, shifts as
/// in its vertical pass.
/// @throws Error(kBadValue) for an empty source or target
Image resize(const Image& image, int width, int height);

}  // namespace vl::media
