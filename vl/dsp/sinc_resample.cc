#include "vl/dsp/sinc_resample.h"

#include <numeric>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kMaxRate = 768000, kGrain = 4096;
constexpr double kZeroCrossings = 6.0, kRollOff = 0.99;

/// The filter of each output phase. Output i * to + j is the sum over l of taps[j][l] times input
/// i * from + first[j] + l.
struct Phases {
  int64_t from, to, length;
  std::vector<int64_t> first;
  std::vector<float> taps;
};

/// Sinc times squared cosine at t, in units of the cut-off's zero crossings.
double window_sinc(double t) {
  const double clamped = std::clamp(t, -kZeroCrossings, kZeroCrossings);
  const double root = std::cos(clamped * M_PI / kZeroCrossings / 2.0);
  const double x = clamped * M_PI;
  return (x == 0.0 ? 1.0 : std::sin(x) / x) * root * root;
}

Phases make_phases(int64_t from, int64_t to) {
  const double o = static_cast<double>(from), n = static_cast<double>(to);
  const double base = std::min(o, n) * kRollOff, reach = kZeroCrossings * o / base;
  Phases p{.from = from, .to = to, .length = static_cast<int64_t>(2.0 * reach) + 2};
  p.first.resize(static_cast<size_t>(to));
  p.taps.resize(static_cast<size_t>(to * p.length));
  for (int64_t j = 0; j < to; ++j) {
    const double shift = static_cast<double>(j) / n;
    const auto first = static_cast<int64_t>(std::floor(shift * o - reach));
    p.first[static_cast<size_t>(j)] = first;
    for (int64_t l = 0; l < p.length; ++l)
      p.taps[static_cast<size_t>(j * p.length + l)] = static_cast<float>(
          window_sinc((static_cast<double>(first + l) / o - shift) * base) * base / o);
  }
  return p;
}

/// Outputs [begin, end) of one row.
void filter(const Phases& p, const float* in, int64_t count, float* out, int64_t begin,
            int64_t end) {
  for (int64_t m = begin; m < end; ++m) {
    const int64_t phase = m % p.to;
    const int64_t start = m / p.to * p.from + p.first[static_cast<size_t>(phase)];
    const float* taps = p.taps.data() + phase * p.length;
    const int64_t low = std::max<int64_t>(0, -start), high = std::min(p.length, count - start);
    float sum = 0;
    for (int64_t l = low; l < high; ++l) sum += taps[l] * in[start + l];
    out[m] = sum;
  }
}

}  // namespace

at::Tensor sinc_resample(const at::Tensor& wave, int64_t from, int64_t to) {
  if (from < 1 || to < 1 || from > kMaxRate || to > kMaxRate)
    fail(Code::kBadValue, "cannot resample from {} Hz to {} Hz: rates are 1..{}", from, to,
         kMaxRate);
  if (from == to) return wave;
  const int64_t common = std::gcd(from, to), length = wave.size(-1);
  const Phases phases = make_phases(from / common, to / common);
  const int64_t results = (length * phases.to + phases.from - 1) / phases.from;
  std::vector<int64_t> sizes = wave.sizes().vec();
  sizes.back() = results;
  const at::Tensor in = wave.to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor out = at::empty(sizes, in.options());
  for (int64_t row = 0; results > 0 && row < out.numel() / results; ++row) {
    const float* source = in.const_data_ptr<float>() + row * length;
    float* target = out.mutable_data_ptr<float>() + row * results;
    at::parallel_for(0, results, kGrain, [&](int64_t begin, int64_t end) {
      filter(phases, source, length, target, begin, end);
    });
  }
  return out.to(wave.device());
}

}  // namespace vl::dsp
