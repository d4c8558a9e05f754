#include "vl/models/hifigan/output.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::hifigan {

namespace {

constexpr double kFullScale = 32768.0;
constexpr int64_t kFadeHops = 10;

at::Tensor scaled(const at::Tensor& audio) {
  check(audio.isfinite().all().item<bool>(), Code::kBadValue, "the audio holds NaN or infinity");
  return audio.to(at::kFloat) * kFullScale;
}

at::Tensor saturated(const at::Tensor& samples) {
  return samples.clamp(-kFullScale, kFullScale - 1.0).to(at::kShort);
}

}  // namespace

at::Tensor to_pcm16(const at::Tensor& audio) { return saturated(at::round(scaled(audio))); }

at::Tensor to_pcm16_truncated(const at::Tensor& audio) {
  return saturated(at::trunc(scaled(audio)));
}

at::Tensor script_output(const at::Tensor& audio, int64_t frames, int64_t hop) {
  check(audio.dim() == 1 && frames >= 0 && hop > 0, Code::kBadValue,
        "one channel, a frame count and a hop above 0 are wanted");
  const int64_t length = std::min(audio.size(0), frames * hop);
  at::Tensor out = scaled(audio.slice(0, 0, length)).clone();
  if (length == 0) return out;
  const int64_t fade = std::min(length, kFadeHops * hop);
  out.slice(0, length - fade, length).mul_(at::linspace(1.0, 0.0, fade, out.options()));
  const double peak = out.abs().max().item<double>();
  return peak > 0.0 ? out.div_(peak) : out;
}

}  // namespace vl::models::hifigan
