#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/media/image.h"

namespace vl::stages {

constexpr int64_t kSyncFps = 25, kSyncRate = 16000;
constexpr int64_t kSyncWindow = 5;  ///< pictures that a network looks at together

/// Embeddings of every five pictures in a row, as a stream: only the pictures of one batch are
/// kept.
class PictureWindows {
 public:
  /// @param embed [B, 15, H, W] float32, B G R of the first picture, then of the second, ... to
  /// [B, D]
  /// @param batch windows of one call
  PictureWindows(std::function<at::Tensor(const at::Tensor&)> embed, int64_t batch);

  /// @param picture [3, H, W] float32, all of one size
  void push(at::Tensor picture);
  int64_t pictures() const { return pictures_; }
  /// The rest; afterwards a new run of pictures may begin.
  /// @return [pictures - 4, D] float32; undefined for fewer than five pictures
  at::Tensor finish();

 private:
  void flush();

  std::function<at::Tensor(const at::Tensor&)> embed_;
  size_t batch_;
  std::vector<at::Tensor> waiting_, done_;
  int64_t pictures_ = 0;
};

/// [3, H, W] float32 in 0..255 of rows [top, bottom) of a B G R picture.
at::Tensor picture_planes(const media::Image& bgr, int top, int bottom);

}  // namespace vl::stages
