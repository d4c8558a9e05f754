#include "vl/stages/fit_durations.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "vl/core/error.h"

namespace vl::stages {

using text::SymbolKind;

namespace {

constexpr double kLeastPauseShare = 0.4, kLeastPause = 0.04;  // seconds
constexpr double kSonorantRate = 1.30, kObstruentRate = 1.05;
constexpr double kMostPause = 2.0;
constexpr int kHalvings = 60;

double sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

/// Frames of one symbol when everything has gone `t` (0 to 1) of the way to being short.
double shortened(double d, SymbolKind kind, double t, double least_pause) {
  switch (kind) {
    case SymbolKind::kPause:
      return std::max(d * (1 - (1 - kLeastPauseShare) * t), std::min(d, least_pause));
    case SymbolKind::kSonorant:
      return d / (1 + (kSonorantRate - 1) * t);
    case SymbolKind::kObstruent:
      return d / (1 + (kObstruentRate - 1) * t);
  }
  return d;
}

double lengthened(double d, SymbolKind kind, double t, double slowest) {
  switch (kind) {
    case SymbolKind::kPause:
      return d * (1 + (kMostPause - 1) * t);
    case SymbolKind::kSonorant:
      return d * (1 + (1 / slowest - 1) * t);
    case SymbolKind::kObstruent:
      return d * (1 + (kObstruentRate - 1) * t);
  }
  return d;
}

using Change = std::function<double(double d, SymbolKind kind, double t)>;

/// The durations whose sum is nearest to `goal`, t from 0 to 1; the sum is monotone in t.
std::vector<double> solved(const std::vector<double>& frames, const std::vector<SymbolKind>& kinds,
                           double goal, const Change& change) {
  const auto at = [&](double t) {
    std::vector<double> out(frames.size());
    for (size_t i = 0; i < frames.size(); ++i) out[i] = change(frames[i], kinds[i], t);
    return out;
  };
  const bool down = sum(at(1)) < sum(frames);
  double low = 0, high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    ((sum(at(middle)) > goal) == down ? low : high) = middle;
  }
  return at(down == (sum(at(1)) > goal) ? 1 : (low + high) / 2);
}

/// Whole numbers that add up to `total`.
std::vector<int64_t> rounded(const std::vector<double>& values, int64_t total) {
  std::vector<int64_t> out(values.size());
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  int64_t rest = total;
  for (size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<int64_t>(std::floor(values[i]));
    rest -= out[i];
  }
  const auto fraction = [&](size_t i) { return values[i] - std::floor(values[i]); };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return fraction(a) > fraction(b); });
  for (size_t i = 0; rest > 0; i = (i + 1) % order.size(), --rest) ++out[order[i]];
  return out;
}

}  // namespace

FittedDurations fit_durations(const std::vector<double>& frames,
                              const std::vector<SymbolKind>& kinds, int64_t target, double frame_s,
                              const DurationLimits& limits) {
  const double natural = sum(frames);
  check(std::isfinite(natural) && natural > 0 &&
            std::all_of(frames.begin(), frames.end(), [](double d) { return d >= 0; }),
        Code::kBadValue, "there are no durations to be fitted");
  const auto goal = static_cast<double>(target);
  std::vector<double> out = frames;
  FittedDurations result;
  if (natural > goal) {
    const double least_pause = kLeastPause / frame_s;
    out = solved(frames, kinds, std::max(goal, natural / limits.max_rate),
                 [&](double d, SymbolKind k, double t) { return shortened(d, k, t, least_pause); });
    result.rate = natural / sum(out);
    result.stretch = std::clamp(sum(out) / goal, 1.0, limits.max_stretch);
    for (double& d : out) d /= result.stretch;
  } else if (natural < goal) {
    out = solved(
        frames, kinds, std::min(goal, natural / limits.slowest),
        [&](double d, SymbolKind k, double t) { return lengthened(d, k, t, limits.slowest); });
    result.rate = natural / sum(out);
  }
  // A sum that the solver brought to the goal is the goal, whatever its last digits are.
  const double total = sum(out);
  const int64_t whole = std::abs(total - goal) < 0.5 ? target : std::llround(total);
  result.frames = rounded(out, whole);
  const int64_t got = std::accumulate(result.frames.begin(), result.frames.end(), int64_t{0});
  result.excess = std::max<int64_t>(0, got - target);
  result.missing = std::max<int64_t>(0, target - got);
  return result;
}

}  // namespace vl::stages
