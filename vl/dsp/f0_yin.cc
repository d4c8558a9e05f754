#include "vl/dsp/f0_yin.h"

#include <array>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kFrame = 1024, kHop = 160, kMinLag = 14, kMaxLag = 320,
                  kWindow = kFrame - kMaxLag;
constexpr float kSampleRate = 16000.f, kFirstDip = 0.15f, kVoiced = 0.35f;
constexpr float kSilence = 0.0017782794f;  // -55 dBFS

using Lags = std::array<float, kMaxLag + 1>;

/// d(lag) = sum of (x[j] - x[j + lag])^2. The lag is the inner loop: vector units then need no
/// reordering of sums.
Lags difference(const float* x) {
  Lags d = {};
  for (int64_t j = 0; j < kWindow; ++j)
    for (int64_t lag = 1; lag <= kMaxLag; ++lag) {
      const float e = x[j] - x[j + lag];
      d[static_cast<size_t>(lag)] += e * e;
    }
  return d;
}

/// d(lag) over the mean of d(1..lag); 1 where that is 0.
Lags normalise(const Lags& d) {
  Lags out;
  out[0] = 1.f;
  float sum = 0.f;
  for (size_t lag = 1; lag < d.size(); ++lag) {
    sum += d[lag];
    out[lag] = sum > 0.f ? d[lag] * static_cast<float>(lag) / sum : 1.f;
  }
  return out;
}

size_t choose_lag(const Lags& n) {
  size_t best = kMinLag;
  for (size_t lag = kMinLag; lag <= kMaxLag; ++lag) {
    const bool dip = n[lag] < n[lag - 1] && (lag == kMaxLag || n[lag] <= n[lag + 1]);
    if (dip && n[lag] < kFirstDip) return lag;
    if (n[lag] < n[best]) best = lag;
  }
  return best;
}

/// Position of the minimum of the parabola through the lag and its neighbours.
float refine(const Lags& d, size_t lag) {
  const float at = static_cast<float>(lag);
  if (lag == kMaxLag) return at;
  const float curve = d[lag - 1] - 2.f * d[lag] + d[lag + 1];
  if (!(curve > 0.f)) return at;
  const float shift = 0.5f * (d[lag - 1] - d[lag + 1]) / curve;
  return at + std::clamp(shift, -1.f, 1.f);
}

float frame_f0(const float* x) {
  float energy = 0.f;
  for (int64_t i = 0; i < kFrame; ++i) energy += x[i] * x[i];
  if (!(std::sqrt(energy / static_cast<float>(kFrame)) > kSilence)) return 0.f;
  const Lags d = difference(x), n = normalise(d);
  const size_t lag = choose_lag(n);
  return n[lag] < kVoiced ? kSampleRate / refine(d, lag) : 0.f;
}

float median(float a, float b, float c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

/// Index into a signal of n samples that is mirrored at both ends, as often as needed.
int64_t mirrored(int64_t i, int64_t n) {
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1), r = ((i % period) + period) % period;
  return r < n ? r : period - r;
}

}  // namespace

at::Tensor yin_f0(const at::Tensor& wave) {
  const at::Tensor x = wave.to(at::kCPU, at::kFloat).reshape({-1}).contiguous();
  const int64_t length = x.numel();
  if (length == 0) fail(Code::kBadValue, "no samples to find the pitch of");
  std::vector<float> padded(static_cast<size_t>(length + kFrame));
  for (int64_t i = 0; i < length + kFrame; ++i)
    padded[static_cast<size_t>(i)] = x.const_data_ptr<float>()[mirrored(i - kFrame / 2, length)];
  const int64_t frames = length / kHop + 1;
  at::Tensor raw = at::empty({frames}, at::kFloat);
  float* r = raw.data_ptr<float>();
  at::parallel_for(0, frames, 16, [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f) r[f] = frame_f0(padded.data() + f * kHop);
  });
  at::Tensor out = raw.clone();
  for (int64_t f = 1; f + 1 < frames; ++f)
    out.data_ptr<float>()[f] = median(r[f - 1], r[f], r[f + 1]);
  return out;
}

}  // namespace vl::dsp
