#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/media/image.h"
#include "vl/models/wav2lip/wav2lip.h"
#include "vl/stages/face_boxes.h"

namespace vl::stages {

/// One face to redraw: its picture and when it is shown.
struct LipJob {
  const media::Image* frame = nullptr;  ///< upright B G R
  IntBox box = {};
  double seconds = 0.0;  ///< after the first picture
};

/// Wav2Lip on a batch of faces.
class AnimateLips {
 public:
  /// @param mel [80, T] of the whole dubbed speech (dsp::wav2lip_mel)
  AnimateLips(std::shared_ptr<const models::wav2lip::Wav2Lip> net, at::Tensor mel)
      : net_(std::move(net)), mel_(std::move(mel)) {}

  /// @return one 96 x 96 picture for each job
  std::vector<media::Image> run(const std::vector<LipJob>& jobs) const;

 private:
  std::shared_ptr<const models::wav2lip::Wav2Lip> net_;
  at::Tensor mel_;
};

}  // namespace vl::stages
