#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/media/image.h"
#include "vl/models/wav2lip/wav2lip.h"

namespace vl::stages {

/// Wav2Lip on faces that are cut out already.
class AnimateLips {
 public:
  explicit AnimateLips(std::shared_ptr<const models::wav2lip::Wav2Lip> net)
      : net_(std::move(net)) {}

  /// Side of the pictures that it takes and gives.
  int size() const { return static_cast<int>(net_->config().image); }
  /// @param crops size() x size(), B G R
  /// @param windows [N, 1, 80, 16], one for each crop
  /// @return one picture of size() x size() for each crop
  std::vector<media::Image> run(const std::vector<media::Image>& crops,
                                const at::Tensor& windows) const;

 private:
  std::shared_ptr<const models::wav2lip::Wav2Lip> net_;
};

}  // namespace vl::stages
