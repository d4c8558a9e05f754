#include "vl/stages/animate_lips.h"

#include <ATen/ATen.h>

#include "vl/media/paste.h"

namespace vl::stages {

std::vector<media::Image> AnimateLips::run(const std::vector<media::Image>& crops,
                                           const at::Tensor& windows) const {
  if (crops.empty()) return {};
  const auto n = static_cast<int64_t>(crops.size());
  at::Tensor faces = at::empty({n, 6, size(), size()});
  for (int64_t i = 0; i < n; ++i)
    media::network_input(crops[static_cast<size_t>(i)], faces[i].data_ptr<float>());
  const at::Tensor image = net_->forward(windows, faces).contiguous();
  std::vector<media::Image> out;
  for (int64_t i = 0; i < n; ++i)
    out.push_back(media::prediction_image(image[i].data_ptr<float>(), size()));
  return out;
}

}  // namespace vl::stages
