#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vl/media/image.h"

namespace vl::stages {

/// Finds hard cuts: 64-bin luma histograms of neighbouring 64 x 36 thumbnails that overlap by less
/// than 0.55 while their pixels differ by more than 24 of 255 in the mean.
class SceneCut {
 public:
  /// Does a new shot begin with this picture? @param luma one channel, any size; the first picture
  /// begins none
  bool push(const media::Image& luma);

 private:
  std::vector<uint8_t> last_;
  std::array<int, 64> last_histogram_ = {};
};

/// Mean over the source pixels of each target pixel. @param luma one channel
media::Image area_thumbnail(const media::Image& luma, int width, int height);
/// The green channel, which stands for luma where only motion and light count.
media::Image green_channel(const media::Image& bgr);

}  // namespace vl::stages
