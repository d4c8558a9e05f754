#include "vl/stages/plan_prosody.h"

#include <ATen/ATen.h>

namespace vl::stages {

ProsodyPlan plan_prosody(const models::fastpitch::FastPitch& model,
                         const std::vector<int64_t>& ids) {
  const auto plan = model.plan(at::tensor(ids, at::kLong).unsqueeze(0));
  const auto& c = model.config();
  const at::Tensor frames = plan.dur.reshape({-1}).to(at::kDouble),
                   pitch = plan.pitch.reshape({-1}).to(at::kDouble);
  ProsodyPlan out;
  for (int64_t i = 0; i < frames.size(0); ++i) {
    const double seconds = frames[i].item<double>() * static_cast<double>(c.hop_length) /
                           static_cast<double>(c.sampling_rate);
    out.durations_s.push_back(seconds);
    out.pitch.push_back(pitch[i].item<double>());
    out.seconds += seconds;
  }
  return out;
}

ProsodyPlan scale_plan(const ProsodyPlan& plan, double seconds) {
  ProsodyPlan out = plan;
  const double factor = plan.seconds > 0.0 ? seconds / plan.seconds : 0.0;
  for (double& d : out.durations_s)
    d = factor > 0.0 ? d * factor : seconds / static_cast<double>(out.durations_s.size());
  out.seconds = seconds;
  return out;
}

}  // namespace vl::stages
