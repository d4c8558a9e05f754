#include "vl/stages/fit_slot.h"

#include <algorithm>
#include <cmath>

#include "vl/core/error.h"

namespace vl::stages {

namespace {

constexpr double kTrimDb = -45.0, kKeep = 0.020, kFade = 0.020, kNegligible = 0.020;

int64_t samples_of(const Speech& s, double seconds) {
  return std::llround(seconds * static_cast<double>(s.rate));
}

void cut_with_fade(Speech& speech, int64_t length) {
  const auto n = static_cast<int64_t>(speech.samples.size());
  if (n <= length) return;
  speech.samples.resize(static_cast<size_t>(std::max<int64_t>(0, length)));
  const int64_t fade = std::min(length, samples_of(speech, kFade));
  for (int64_t i = 0; i < fade; ++i)
    speech.samples[static_cast<size_t>(length - 1 - i)] *=
        static_cast<float>(i) / static_cast<float>(fade);
}

}  // namespace

Speech trim_silence(const Speech& speech) {
  float peak = 0.0F;
  for (float x : speech.samples) peak = std::max(peak, std::fabs(x));
  const float floor = peak * static_cast<float>(std::pow(10.0, kTrimDb / 20.0));
  const auto loud = [floor](float x) { return std::fabs(x) > floor; };
  const auto first = std::find_if(speech.samples.begin(), speech.samples.end(), loud);
  if (peak <= 0.0F || first == speech.samples.end()) return speech;
  const auto last = std::find_if(speech.samples.rbegin(), speech.samples.rend(), loud).base();
  const std::ptrdiff_t keep = samples_of(speech, kKeep);
  const auto begin = first - std::min(keep, first - speech.samples.begin());
  const auto end = last + std::min(keep, speech.samples.end() - last);
  return {std::vector<float>(begin, end), speech.rate};
}

FitResult fit_to_slot(const Speech& natural, const Slot& slot, const FitLimits& limits,
                      const Stretch& stretch) {
  FitResult out;
  out.speech = trim_silence(natural);
  out.natural_s = out.speech.seconds();
  out.status = "fits";
  const double needed = slot.length_s > 0 ? out.natural_s / slot.length_s : 1.0;
  if (needed > 1.0 && limits.speed_up) {
    out.rate = std::min(needed, limits.max_rate);
    out.stretch = std::clamp(needed / out.rate, 1.0, limits.max_stretch);
    out.status = out.stretch > 1.0 ? "stretch" : "rate";
    out.speech = stretch(out.speech, out.rate * out.stretch);
  }
  const double too_long = out.natural_s / (out.rate * out.stretch) - slot.length_s;
  if (too_long > kNegligible) {
    if (limits.fail_on_overflow)
      fail(Code::kLineDoesNotFit, "line 1 is {:.2f} s too long", too_long);
    out.overflow_s = too_long;
    out.status = "overflow";
  }
  cut_with_fade(out.speech, samples_of(out.speech, slot.length_s));
  out.final_s = out.speech.seconds();
  return out;
}

}  // namespace vl::stages
