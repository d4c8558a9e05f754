#include "vl/dsp/f0_decode.h"

#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kBins = 360, kReach = 4;
constexpr size_t kWindow = 2 * kReach + 1;
constexpr double kFirstCents = 1997.3794084376191, kBinCents = 20.0;

/// The order of numpy's pairwise sum for nine terms: it decides the last bit of the float32 sum.
template <class T>
T sum_nine(const std::array<T, kWindow>& v) {
  return (((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]))) + v[8];
}

double decode_frame(const float* row, float threshold) {
  const int64_t peak = std::max_element(row, row + kBins) - row;
  if (!(row[peak] > threshold)) return 0.0;
  std::array<float, kWindow> weight = {};
  std::array<double, kWindow> product = {};
  for (size_t i = 0; i < kWindow; ++i) {
    const int64_t bin = peak - kReach + static_cast<int64_t>(i);
    if (bin < 0 || bin >= kBins) continue;
    weight[i] = row[bin];
    product[i] =
        static_cast<double>(row[bin]) * (kFirstCents + kBinCents * static_cast<double>(bin));
  }
  const double total = sum_nine(weight);
  const double f0 = total == 0.0 ? 10.0 : 10.0 * std::exp2(sum_nine(product) / total / 1200.0);
  return f0 == 10.0 ? 0.0 : f0;
}

at::Tensor to_double(const at::Tensor& f0) {
  return f0.to(at::kCPU, at::kDouble).reshape({-1}).contiguous();
}

}  // namespace

at::Tensor f0_from_salience(const at::Tensor& salience, double threshold) {
  if (salience.dim() != 2 || salience.size(1) != kBins)
    fail(Code::kBadValue, "salience is [{}], wanted [F,{}]", fmt::join(salience.sizes(), ","),
         kBins);
  const at::Tensor rows = salience.to(at::kCPU, at::kFloat).contiguous();
  at::Tensor out = at::empty({rows.size(0)}, at::kDouble);
  for (int64_t i = 0; i < rows.size(0); ++i)
    out.data_ptr<double>()[i] =
        decode_frame(rows.const_data_ptr<float>() + i * kBins, static_cast<float>(threshold));
  return out;
}

at::Tensor transpose_f0(const at::Tensor& f0, double semitones) {
  return to_double(f0) * std::exp2(semitones / 12.0);
}

at::Tensor interpolate_unvoiced(const at::Tensor& f0) {
  at::Tensor out = to_double(f0).clone();
  double* v = out.data_ptr<double>();
  const int64_t count = out.numel();
  int64_t last = -1;  // the voiced frame before
  for (int64_t i = 0; i < count; ++i) {
    if (!(v[i] > 0)) continue;
    for (int64_t j = last + 1; j < i; ++j) {
      if (last < 0)
        v[j] = v[i];
      else
        v[j] = v[last] +
               (v[i] - v[last]) / static_cast<double>(i - last) * static_cast<double>(j - last);
    }
    last = i;
  }
  if (last >= 0) std::fill(v + last, v + count, v[last]);
  return out;
}

at::Tensor coarse_pitch(const at::Tensor& f0) {
  constexpr double kLow = 77.75496616579426, kHigh = 1064.4082331636394;
  const at::Tensor hz = to_double(f0);
  at::Tensor out = at::empty({hz.numel()}, at::kLong);
  for (int64_t i = 0; i < hz.numel(); ++i) {
    const double mel = 1127.0 * std::log(1.0 + hz.const_data_ptr<double>()[i] / 700.0);
    const double bin = mel > 0 ? (mel - kLow) * 254.0 / (kHigh - kLow) + 1.0 : 1.0;
    out.data_ptr<int64_t>()[i] = static_cast<int64_t>(std::nearbyint(std::clamp(bin, 1.0, 255.0)));
  }
  return out;
}

}  // namespace vl::dsp
