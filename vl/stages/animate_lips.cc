#include "vl/stages/animate_lips.h"

#include <ATen/ATen.h>

#include "vl/dsp/wav2lip_mel.h"
#include "vl/media/paste.h"

namespace vl::stages {

std::vector<media::Image> AnimateLips::run(const std::vector<LipJob>& jobs) const {
  if (jobs.empty()) return {};
  const auto n = static_cast<int64_t>(jobs.size());
  at::Tensor faces = at::empty({n, 6, media::kLipSize, media::kLipSize});
  std::vector<at::Tensor> windows;
  for (int64_t i = 0; i < n; ++i) {
    const LipJob& job = jobs[static_cast<size_t>(i)];
    const media::Rect rect{static_cast<int>(job.box[0]), static_cast<int>(job.box[1]),
                           static_cast<int>(job.box[2]), static_cast<int>(job.box[3])};
    const media::Image crop =
        media::resize(media::crop(*job.frame, rect), media::kLipSize, media::kLipSize);
    media::network_input(crop, faces[i].data_ptr<float>());
    windows.push_back(dsp::lip_window(mel_, job.seconds));
  }
  const at::Tensor image = net_->forward(at::stack(windows), faces).contiguous();
  std::vector<media::Image> out;
  for (int64_t i = 0; i < n; ++i)
    out.push_back(media::prediction_image(image[i].data_ptr<float>()));
  return out;
}

}  // namespace vl::stages
