#include "vl/models/fastpitch/controls.h"

#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::fastpitch {

namespace {

constexpr double kFallbackMean = 218.14, kFallbackStd = 67.24;
constexpr int64_t kMaxFrames = int64_t{1} << 20;

at::Tensor custom(const at::Tensor& pitch, const at::Tensor& lengths, double mean, double std,
                  CustomPitch kind) {
  if (kind == CustomPitch::kQuirk && pitch.size(0) != 1)
    fail(Code::kBadValue, "the reference's custom pitch transform takes one utterance, not {}",
         pitch.size(0));
  const at::Tensor hertz = pitch * std + mean;
  if (kind == CustomPitch::kQuirk) return (hertz * 0.5 - mean) / std;
  const at::Tensor t = at::arange(pitch.size(2), pitch.options());
  const at::Tensor count = lengths.clamp_min(1).to(pitch.options()).view({-1, 1, 1});
  return (hertz * (0.5 + t / count) - mean) / std;
}

}  // namespace

at::Tensor transform_pitch(const at::Tensor& pitch, const at::Tensor& lengths, double mean,
                           double std, const PitchTransform& t) {
  check(std::isfinite(t.amplify) && std::isfinite(t.shift_hz), Code::kBadValue,
        "pitch amplification and shift must be finite numbers");
  if (std == 0.0) mean = kFallbackMean, std = kFallbackStd;
  if (t.custom != CustomPitch::kNone) return custom(pitch, lengths, mean, std, t.custom);
  at::Tensor p = pitch;
  if (t.flatten) p = p * 0.0;
  if (t.invert) p = p * -1.0;
  if (t.amplify != 1.0) p = p * t.amplify;
  if (t.shift_hz != 0.0) p = p + t.shift_hz / std;
  return p;
}

at::Tensor scale_pitch(const at::Tensor& pitch, double mean, double std,
                       const SymbolControls& symbol) {
  if (std == 0.0) mean = kFallbackMean, std = kFallbackStd;
  at::Tensor p = pitch;
  // p std + mean times s is (p s + (s - 1) mean / std) std + mean.
  if (symbol.pitch_scale.defined()) {
    const at::Tensor s = symbol.pitch_scale.to(p.options());
    p = p * s + (s - 1.0) * (mean / std);
  }
  if (symbol.pitch_shift_hz.defined()) p = p + symbol.pitch_shift_hz.to(p.options()) / std;
  return p;
}

at::Tensor frame_counts(const at::Tensor& durations, double pace, bool half_even) {
  if (!(std::isfinite(pace) && pace > 0.0)) fail(Code::kBadValue, "pace is {}, not above 0", pace);
  // On the CPU whatever the device: a reciprocal instead of a division moves exact halves.
  const at::Tensor scaled = durations.to(at::kCPU, at::kFloat) / pace;
  check(scaled.ge(0).logical_and(scaled.isfinite()).all().item<bool>(), Code::kBadValue,
        "durations must be finite and not negative");
  const at::Tensor rounded = half_even ? at::round(scaled) : at::floor(scaled + 0.5);
  if (rounded.numel() > 0 && rounded.sum(1).max().item<double>() > kMaxFrames)
    fail(Code::kOverLimit, "durations of an utterance add up to more than {} frames", kMaxFrames);
  return rounded.to(at::kLong);
}

at::Tensor regulate_length(const at::Tensor& h, const at::Tensor& repeats) {
  const int64_t batch = h.size(0);
  const at::Tensor lengths = repeats.sum(1);
  const int64_t frames = lengths.max().item<int64_t>();
  const at::Tensor symbol = at::zeros({batch, frames}, at::kLong);
  const at::Tensor ids = at::arange(h.size(1), at::kLong);
  for (int64_t b = 0; b < batch; ++b)
    symbol[b].slice(0, 0, lengths[b].item<int64_t>()).copy_(ids.repeat_interleave(repeats[b]));
  const at::Tensor index = symbol.to(h.device()).unsqueeze(2).expand({batch, frames, h.size(2)});
  const at::Tensor out = h.gather(1, index);
  if (lengths.min().item<int64_t>() == frames) return out;
  const at::Tensor inside = at::arange(frames, at::kLong).unsqueeze(0) < lengths.unsqueeze(1);
  return out * inside.unsqueeze(2).to(out.options());
}

}  // namespace vl::models::fastpitch
