#include "vl/dsp/cut_points.h"

#include <algorithm>
#include <cmath>

#include "vl/core/error.h"
#include "vl/dsp/reflect_pad.h"

namespace vl::dsp {

namespace {

constexpr int64_t kWindow = 160, kSide = kWindow / 2;

/// |x| of the mirrored track at positions [begin, end), which may leave the track by kSide.
std::vector<double> magnitudes(int64_t samples, const ReadSamples& read, int64_t begin,
                               int64_t end) {
  // What a position outside mirrors lies within kSide of that end.
  int64_t from = std::max<int64_t>(begin, 0), to = std::min(end, samples);
  if (begin < 0) to = std::max(to, std::min(kSide + 1, samples));
  if (end > samples) from = std::min(from, std::max<int64_t>(0, samples - kSide - 1));
  const at::Tensor part = read(from, to - from).contiguous();
  const double* x = part.const_data_ptr<double>();
  std::vector<double> out;
  out.reserve(end - begin);
  for (int64_t i = begin; i < end; ++i)
    out.push_back(std::abs(x[reflected_index(i, samples) - from]));
  return out;
}

}  // namespace

std::vector<int64_t> cut_points(int64_t samples, const ReadSamples& read, const CutLimits& limits) {
  const auto [query, center, max] = limits;
  check(query > 0 && query <= center, Code::kBadValue,
        "the search range of a cut must lie in 1..distance of the cuts");
  std::vector<int64_t> cuts;
  if (samples + kWindow <= max) return cuts;
  for (int64_t t = center; t < samples; t += center) {
    const int64_t begin = t - query, end = std::min(t + query, samples);
    const std::vector<double> x =
        magnitudes(samples, read, begin - kSide, end - kSide + kWindow - 1);
    std::vector<double> energy(end - begin, 0.0);
    for (int64_t i = 0; i < kWindow; ++i)
      for (size_t n = 0; n < energy.size(); ++n) energy[n] += x[n + i];
    cuts.push_back(begin + (std::min_element(energy.begin(), energy.end()) - energy.begin()));
  }
  return cuts;
}

}  // namespace vl::dsp
