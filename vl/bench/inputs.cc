#include "vl/bench/inputs.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <ATen/ATen.h>

namespace vl::bench {

namespace {

constexpr int64_t kRate = 16000, kFrame = 160;
constexpr double kTwoPi = 6.283185307179586;
constexpr double kLoudest = 0.9, kBreath = 0.01;
constexpr int kHarmonics = 24;

/// std::uniform_real_distribution differs between libraries.
class Draw {
 public:
  explicit Draw(uint64_t seed) : generator_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  double operator()(double low, double high) {
    return low + (high - low) * static_cast<double>(generator_() >> 11) * 0x1p-53;
  }

 private:
  std::mt19937_64 generator_;
};

/// One voiced stretch: pitch glides linearly, formants stand still.
struct Stretch {
  int64_t begin, end;
  double from_hz, to_hz;
  double formants[3];
};

std::vector<Stretch> plan(Draw& draw, int64_t samples) {
  std::vector<Stretch> out;
  double hz = draw(90, 260);
  for (auto at = static_cast<int64_t>(draw(0.02, 0.15) * kRate); at < samples;) {
    Stretch s{.begin = at, .end = at + static_cast<int64_t>(draw(0.3, 0.9) * kRate)};
    s.from_hz = hz;
    s.to_hz = hz = std::clamp(hz * draw(0.8, 1.25), 90.0, 260.0);
    s.formants[0] = draw(300, 850);
    s.formants[1] = draw(900, 2300);
    s.formants[2] = draw(2400, 3400);
    at = s.end + static_cast<int64_t>(draw(0.05, 0.25) * kRate);
    s.end = std::min(s.end, samples);
    out.push_back(s);
  }
  return out;
}

/// Level of a harmonic: a slope of 1 / h, raised near the formants.
double level(const Stretch& s, int harmonic) {
  const double hz = harmonic * (s.from_hz + s.to_hz) / 2;
  double gain = 0.1;
  for (const double f : s.formants) gain += std::exp(-0.5 * std::pow((hz - f) / 120, 2));
  return gain / harmonic;
}

void sing(const Stretch& s, float* wave, double* f0) {
  const auto length = static_cast<double>(s.end - s.begin);
  std::vector<double> levels;
  for (int h = 1; h <= kHarmonics; ++h) levels.push_back(level(s, h));
  double phase = 0;
  for (int64_t i = s.begin; i < s.end; ++i) {
    const double at = static_cast<double>(i - s.begin) / length;
    const double hz = s.from_hz + at * (s.to_hz - s.from_hz);
    phase += hz / kRate;
    const double syllables = 0.65 - 0.35 * std::cos(kTwoPi * 4 * static_cast<double>(i) / kRate);
    const double edge = std::min(1.0, std::min(at, 1 - at) * 12);
    double sum = 0;
    for (int h = 1; h <= kHarmonics && h * hz < kRate / 2.0; ++h)
      sum += levels[static_cast<size_t>(h - 1)] * std::sin(kTwoPi * h * phase);
    wave[i] += static_cast<float>(edge * syllables * sum);
    if (i % kFrame == 0) f0[i / kFrame] = hz;
  }
}

}  // namespace

SpeechInput speech_input(uint64_t sample, double seconds) {
  // A frame that the last samples only begin is not counted, but may be written.
  const auto samples = static_cast<int64_t>(seconds * kRate + 1e-6), frames = samples / kFrame;
  SpeechInput out{at::zeros({samples}, at::kFloat), at::zeros({frames + 1}, at::kDouble)};
  auto* wave = out.wave.data_ptr<float>();
  Draw draw(sample);
  for (const Stretch& s : plan(draw, samples)) sing(s, wave, out.f0_hz.data_ptr<double>());
  const double peak = std::max(1e-9, out.wave.abs().max().item<double>());
  for (int64_t i = 0; i < samples; ++i)
    wave[i] = static_cast<float>(wave[i] / peak * (kLoudest - kBreath) + draw(-kBreath, kBreath));
  out.f0_hz = out.f0_hz.slice(0, 0, frames).contiguous();
  return out;
}

at::Tensor seeded_numbers(uint64_t seed, at::IntArrayRef sizes, int64_t below) {
  std::mt19937_64 draw(seed * 0x9E3779B97F4A7C15ULL + 1);
  at::Tensor out = at::empty(sizes, at::kLong);
  auto* p = out.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < out.numel(); ++i)
    p[i] = static_cast<int64_t>(draw() % static_cast<uint64_t>(below));
  return out;
}

void hash(Sha256& sha, const at::Tensor& t) { sha.update(t.data_ptr(), t.nbytes()); }

media::Image clouds(uint64_t seed, int width, int height) {
  constexpr int kCoarse = 40;
  media::Image coarse(width / kCoarse, height / kCoarse);
  const at::Tensor bytes =
      seeded_numbers(seed, {static_cast<int64_t>(coarse.data.size())}, 256).to(at::kByte);
  std::copy_n(bytes.const_data_ptr<uint8_t>(), coarse.data.size(), coarse.data.begin());
  return media::resize(coarse, width, height);
}

}  // namespace vl::bench
