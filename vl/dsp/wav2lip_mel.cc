#include "vl/dsp/wav2lip_mel.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kFft = 800;
constexpr double kPreemphasis = 0.97, kMinLevelDb = -100.0, kReferenceDb = 20.0, kRange = 4.0,
                 kFloor = 1e-5;

}  // namespace

at::Tensor wav2lip_mel(const at::Tensor& wave, Pad pad) {
  const at::Tensor x = wave.reshape({1, -1}).to(at::kDouble);
  if (!x.isfinite().all().item<bool>())
    fail(Code::kBadValue, "the speech holds NaN or infinite samples");
  const at::Tensor y =
      at::cat({x.slice(1, 0, 1), x.slice(1, 1) - kPreemphasis * x.slice(1, 0, -1)}, 1);
  const at::Tensor spectrum =
      stft(y, StftConfig{.n_fft = kFft, .hop = kLipHop, .pad = pad, .pad_samples = kFft / 2});
  static const at::Tensor kBasis =
      mel_filterbank(MelScale::kSlaney, kLipRate, kFft, kLipMels, 55.0, 7600.0)
          .to(at::kFloat)
          .to(at::kDouble);
  const at::Tensor mel = at::matmul(kBasis, spectrum[0].abs());
  const at::Tensor db = 20.0 * mel.clamp_min(kFloor).log10() - kReferenceDb;
  return (2 * kRange * (db - kMinLevelDb) / -kMinLevelDb - kRange)
      .clamp(-kRange, kRange)
      .to(at::kFloat);
}

std::vector<int64_t> chunk_starts(int64_t columns, double fps) {
  if (!(fps > 0 && fps <= 1000))
    fail(Code::kBadValue, "{} frames a second is not between 0 and 1000", fps);
  if (columns < kLipWindow)
    fail(Code::kBadValue, "{} mel columns are fewer than the {} of one window", columns,
         kLipWindow);
  const double step = 80.0 / fps;
  std::vector<int64_t> out;
  for (int64_t i = 0;; ++i) {
    const double start = std::trunc(static_cast<double>(i) * step);  // may exceed an int64
    if (start + kLipWindow > static_cast<double>(columns)) {
      out.push_back(columns - kLipWindow);
      return out;
    }
    out.push_back(static_cast<int64_t>(start));
  }
}

LipCut lip_cut(int64_t samples, int64_t first, int64_t last) {
  // A column hears 400 samples to either side, and one more through pre-emphasis.
  constexpr int64_t kMargin = 3, kLeast = 3600;
  LipCut out{.begin = std::max<int64_t>(0, first - kMargin) * kLipHop,
             .end = std::min(samples, (last + kMargin) * kLipHop)};
  // The last piece is no shorter than its padding.
  if (out.end == samples)
    out.begin = std::min(out.begin, std::max<int64_t>(0, samples - kLeast) / kLipHop * kLipHop);
  out.skip = first - out.begin / kLipHop;
  return out;
}

}  // namespace vl::dsp
