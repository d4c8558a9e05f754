#include "vl/dsp/speech_spans.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kRate = 16000, kFrame = 160, kVoiceWindow = 640, kMinLag = 40, kMaxLag = 266;
constexpr double kFloorDb = -50.0, kMarginDb = 9.0, kMaxAboveFloorDb = 35.0, kMinSpan = 0.12,
                 kHangover = 0.20, kVoiced = 0.5;
constexpr double kMinSpeech = 1.0, kMaxPrompt = 15.0, kMinPeakDb = -45.0, kMaxClipped = 0.01;

std::vector<double> frame_levels(const float* x, int64_t frames) {
  std::vector<double> db(static_cast<size_t>(frames));
  for (int64_t f = 0; f < frames; ++f) {
    double sum = 1e-12;
    for (int64_t i = 0; i < kFrame; ++i)
      sum += static_cast<double>(x[f * kFrame + i]) * x[f * kFrame + i];
    db[static_cast<size_t>(f)] = 10.0 * std::log10(sum / kFrame);
  }
  return db;
}

/// Largest normalised autocorrelation at lags of 60..400 Hz around a frame.
double voicing(const float* x, int64_t samples, int64_t frame) {
  const int64_t begin = std::max<int64_t>(0, frame * kFrame - kVoiceWindow / 2);
  if (begin + kVoiceWindow + kMaxLag > samples) return 0.0;
  double best = 0.0;
  for (int64_t lag = kMinLag; lag <= kMaxLag; ++lag) {
    double xy = 0, xx = 1e-9, yy = 1e-9;
    for (int64_t i = begin; i < begin + kVoiceWindow; i += 2) {
      xy += static_cast<double>(x[i]) * x[i + lag];
      xx += static_cast<double>(x[i]) * x[i];
      yy += static_cast<double>(x[i + lag]) * x[i + lag];
    }
    best = std::max(best, xy / std::sqrt(xx * yy));
  }
  return best;
}

bool has_voice(const float* x, int64_t samples, int64_t begin, int64_t end) {
  for (int64_t f = begin; f < end; f += 2)
    if (voicing(x, samples, f) > kVoiced) return true;
  return false;
}

}  // namespace

std::vector<Span> speech_spans(const at::Tensor& wave) {
  const at::Tensor w = wave.reshape({-1}).to(at::kFloat).contiguous();
  const int64_t frames = w.numel() / kFrame;
  if (frames == 0) return {};
  const float* x = w.data_ptr<float>();
  const std::vector<double> db = frame_levels(x, frames);
  std::vector<double> sorted = db;
  std::sort(sorted.begin(), sorted.end());
  // The tenth of the frames that is quietest is noise; in speech without pauses the loudest frames
  // set the threshold instead.
  const double noise = sorted[sorted.size() / 10],
               loud = sorted[sorted.size() - 1 - sorted.size() / 20];
  const double threshold = std::max(
      kFloorDb, std::max(std::min(noise + kMarginDb, loud - 20.0), loud - kMaxAboveFloorDb));
  const auto hang = static_cast<int64_t>(kHangover * 100),
             shortest = static_cast<int64_t>(kMinSpan * 100);
  std::vector<Span> out;
  for (int64_t f = 0; f < frames;) {
    if (db[static_cast<size_t>(f)] < threshold) {
      ++f;
      continue;
    }
    int64_t end = f + 1, last = f;
    for (; end < frames && end - last <= hang; ++end)
      if (db[static_cast<size_t>(end)] >= threshold) last = end;
    if (last + 1 - f >= shortest && has_voice(x, w.numel(), f, last + 1))
      out.push_back({static_cast<double>(f) / 100.0, static_cast<double>(last + 1) / 100.0});
    f = std::max(end, last + 1);
  }
  return out;
}

double speech_seconds(const std::vector<Span>& spans) {
  double sum = 0;
  for (const Span& s : spans) sum += s.length();
  return sum;
}

void check_prompt(const at::Tensor& wave, const std::vector<Span>& spans) {
  const at::Tensor magnitude = wave.reshape({-1}).abs();
  const double seconds = static_cast<double>(magnitude.numel()) / kRate;
  if (seconds > kMaxPrompt)
    fail(Code::kBadPrompt, "prompt is {:.0f} s long, limit {:.0f}", seconds, kMaxPrompt);
  const double peak = magnitude.numel() > 0 ? magnitude.max().item<double>() : 0.0;
  if (20.0 * std::log10(peak + 1e-12) < kMinPeakDb) fail(Code::kBadPrompt, "prompt is silent");
  const double clipped = magnitude.ge(0.999).to(at::kDouble).mean().item<double>();
  if (clipped > kMaxClipped) fail(Code::kBadPrompt, "prompt is {:.0f} % clipped", clipped * 100.0);
  if (speech_seconds(spans) < kMinSpeech)
    fail(Code::kBadPrompt, "prompt has {:.1f} s of speech, needs {:.0f} s", speech_seconds(spans),
         kMinSpeech);
}

}  // namespace vl::dsp
