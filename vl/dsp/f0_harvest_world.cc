#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <world/harvest.h>
#include <world/stonemask.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_harvest.h"

namespace vl::dsp {

namespace {

constexpr int kRate = 16000;
constexpr double kFloor = 50.0, kCeil = 1100.0, kPeriodMs = 10.0;
// WORLD reads beyond its buffers below three samples, counts in int and pads to powers of two.
constexpr int64_t kShortest = 3, kLongest = std::numeric_limits<int>::max() / 8;

/// Median of three, zeros beyond both ends.
std::vector<double> median3(const std::vector<double>& x) {
  std::vector<double> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double before = i > 0 ? x[i - 1] : 0.0, after = i + 1 < x.size() ? x[i + 1] : 0.0;
    const double low = std::min(before, after), high = std::max(before, after);
    out[i] = std::clamp(x[i], low, high);
  }
  return out;
}

}  // namespace

bool have_harvest() { return true; }

at::Tensor harvest_f0(const at::Tensor& wave, int64_t filter_radius) {
  const auto type = wave.scalar_type();
  check(wave.dim() == 1 && (type == at::kFloat || type == at::kDouble), Code::kBadValue,
        "Harvest needs one channel of float samples");
  if (wave.size(0) < 1 || wave.size(0) > kLongest)
    fail(Code::kBadValue, "Harvest takes 1..{} samples, not {}", kLongest, wave.size(0));
  at::Tensor samples = wave.to(at::kCPU, at::kDouble).contiguous();
  check(samples.isfinite().all().item<bool>(), Code::kBadValue,
        "Harvest needs finite samples, some are NaN or infinite");
  if (samples.size(0) < kShortest)
    samples = at::constant_pad_nd(samples, {0, kShortest - samples.size(0)});
  const double* x = samples.const_data_ptr<double>();
  const int length = static_cast<int>(samples.size(0));

  HarvestOption option;
  InitializeHarvestOption(&option);
  option.f0_floor = kFloor;
  option.f0_ceil = kCeil;
  option.frame_period = kPeriodMs;
  const int frames = GetSamplesForHarvest(kRate, length, kPeriodMs);
  std::vector<double> times(frames), coarse(frames), refined(frames);
  Harvest(x, length, kRate, &option, times.data(), coarse.data());
  StoneMask(x, length, kRate, times.data(), coarse.data(), frames, refined.data());
  if (filter_radius > 2) refined = median3(refined);
  return at::tensor(refined, at::kDouble);
}

}  // namespace vl::dsp
