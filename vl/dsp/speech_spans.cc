#include "vl/dsp/speech_spans.h"

#include <array>
#include <optional>
#include <tuple>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kRate = 16000, kFrame = 160, kFramesPerSecond = kRate / kFrame;
// Voicing looks at every second sample: 40 ms at 8 kHz, lags of 60..400 Hz.
constexpr int64_t kVoiceStep = 2, kVoiceWindow = 320, kMinLag = 20, kMaxLag = 133;
constexpr double kFloorDb = -50.0, kMarginDb = 9.0, kMaxAboveFloorDb = 35.0, kMinSpan = 0.12,
                 kHangover = 0.20, kVoiced = 0.5;
constexpr double kMinSpeech = 1.0, kMaxPrompt = 15.0, kMinPeakDb = -45.0, kMaxClipped = 0.01,
                 kFullScale = 0.999;
constexpr double kLengthWeight = 1.0 / 40;  // 4 s away from the target cost a voiced share of 0.1

at::Tensor checked(const at::Tensor& wave) {
  const at::Tensor w = wave.reshape({-1}).to(at::kFloat).contiguous();
  if (!w.isfinite().all().item<bool>())
    fail(Code::kBadValue, "the speech holds NaN or infinite samples");
  return w;
}

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

/// Largest normalised autocorrelation around a frame; 0 where the signal is shorter than window and
/// lag.
double voicing(const float* x, int64_t samples, int64_t frame) {
  const int64_t reach = kVoiceStep * (kVoiceWindow + kMaxLag);
  if (samples < reach) return 0.0;
  const int64_t begin =
      std::clamp<int64_t>(frame * kFrame - kVoiceStep * kVoiceWindow / 2, 0, samples - reach);
  std::array<double, kVoiceWindow + kMaxLag> v;
  for (size_t i = 0; i < v.size(); ++i) v[i] = x[begin + kVoiceStep * static_cast<int64_t>(i)];
  double xx = 1e-9, yy = 1e-9, best = 0.0;
  for (size_t i = 0; i < kVoiceWindow; ++i)
    xx += v[i] * v[i], yy += v[i + kMinLag] * v[i + kMinLag];
  for (size_t lag = kMinLag;; ++lag) {
    double xy = 0.0;
    for (size_t i = 0; i < kVoiceWindow; ++i) xy += v[i] * v[i + lag];
    best = std::max(best, xy / std::sqrt(xx * yy));
    if (lag == kMaxLag) return best;
    yy = std::max(1e-9, yy + v[lag + kVoiceWindow] * v[lag + kVoiceWindow] - v[lag] * v[lag]);
  }
}

bool has_voice(const float* x, int64_t samples, int64_t begin, int64_t end) {
  for (int64_t f = begin; f < end; f += 2)
    if (voicing(x, samples, f) > kVoiced) return true;
  return false;
}

}  // namespace

std::vector<Span> speech_spans(const at::Tensor& wave) {
  const at::Tensor w = checked(wave);
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
  const auto hang = std::llround(kHangover * kFramesPerSecond),
             shortest = std::llround(kMinSpan * kFramesPerSecond);
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
      out.push_back({static_cast<double>(f) / kFramesPerSecond,
                     static_cast<double>(last + 1) / kFramesPerSecond});
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
  const at::Tensor magnitude = checked(wave).abs();
  const double seconds = static_cast<double>(magnitude.numel()) / kRate;
  if (seconds > kMaxPrompt)
    fail(Code::kBadPrompt, "prompt is {:.4g} s long, limit {:.0f} s", seconds, kMaxPrompt);
  const double peak = magnitude.numel() > 0 ? magnitude.max().item<double>() : 0.0;
  if (20.0 * std::log10(peak + 1e-12) < kMinPeakDb) fail(Code::kBadPrompt, "prompt is silent");
  const double clipped = magnitude.ge(kFullScale).to(at::kDouble).mean().item<double>();
  if (clipped > kMaxClipped) fail(Code::kBadPrompt, "prompt is {:.0f} % clipped", clipped * 100.0);
  if (speech_seconds(spans) < kMinSpeech)
    fail(Code::kBadPrompt, "prompt has {:.1f} s of speech, needs {:.0f} s", speech_seconds(spans),
         kMinSpeech);
}

namespace {

/// Running sums over 10 ms frames, so that any stretch is judged in constant time.
class Judge {
 public:
  Judge(const at::Tensor& wave, const std::vector<double>& db)
      : frames_(static_cast<int64_t>(db.size())) {
    const float* x = wave.data_ptr<float>();
    const int64_t n = wave.numel();
    voiced_.assign(static_cast<size_t>(frames_) + 1, 0);
    clipped_ = voiced_;
    for (int64_t f = 0; f < frames_; ++f) {
      // Every second frame is looked at: pitch holds longer than 10 ms.
      const bool voice = f % 2 == 1
                             ? voiced_at(f - 1)
                             : db[static_cast<size_t>(f)] >= kFloorDb && voicing(x, n, f) > kVoiced;
      int64_t run = 0;
      // One sample at full scale is a peak; two in a row are a clipped one.
      for (int64_t i = f * kFrame; i < (f + 1) * kFrame; ++i)
        run += i > 0 && std::abs(x[i]) >= kFullScale && std::abs(x[i - 1]) >= kFullScale;
      voiced_[static_cast<size_t>(f) + 1] = voiced_[static_cast<size_t>(f)] + voice;
      clipped_[static_cast<size_t>(f) + 1] = clipped_[static_cast<size_t>(f)] + run;
    }
  }
  double voiced_share(const Span& s) const {
    return sum(voiced_, s) / (s.length() * kFramesPerSecond);
  }
  double clipped_samples(const Span& s) const { return sum(clipped_, s); }

 private:
  bool voiced_at(int64_t f) const {
    return voiced_[static_cast<size_t>(f) + 1] > voiced_[static_cast<size_t>(f)];
  }
  double sum(const std::vector<int64_t>& cumulated, const Span& s) const {
    const auto at = [&](double seconds) {
      return static_cast<size_t>(
          std::clamp(std::round(seconds * kFramesPerSecond), 0.0, static_cast<double>(frames_)));
    };
    return static_cast<double>(cumulated[at(s.end_s)] - cumulated[at(s.start_s)]);
  }
  int64_t frames_;
  std::vector<int64_t> voiced_, clipped_;
};

/// A piece longer than `longest`, cut where it is quietest between half of `longest` and `longest`.
std::vector<Span> cut_long(const Span& piece, const std::vector<double>& db, double longest) {
  std::vector<Span> out;
  Span rest = piece;
  while (rest.length() > longest) {
    const auto frame = [&](double seconds) {
      return std::min<int64_t>(std::llround(seconds * kFramesPerSecond),
                               static_cast<int64_t>(db.size()));
    };
    const auto from = db.begin() + frame(rest.start_s + longest / 2),
               to = db.begin() + frame(rest.start_s + longest);
    if (from >= to) break;
    const double cut =
        static_cast<double>(std::min_element(from, to) - db.begin()) / kFramesPerSecond;
    out.push_back({rest.start_s, cut});
    rest.start_s = cut;
  }
  out.push_back(rest);
  return out;
}

void check_pieces(const std::vector<Span>& pieces, double seconds) {
  double last = 0.0;
  for (const Span& p : pieces) {
    if (!(p.start_s >= last && p.end_s > p.start_s && p.end_s <= seconds + 0.01))
      fail(Code::kBadValue,
           "piece {:.2f}..{:.2f} s is out of order or outside the {:.2f} s of sound", p.start_s,
           p.end_s, seconds);
    last = p.end_s;
  }
}

}  // namespace

Span choose_prompt_span(const at::Tensor& wave, const std::vector<Span>& given,
                        const PromptRule& rule) {
  const at::Tensor w = checked(wave);
  check_pieces(given, static_cast<double>(w.numel()) / kRate);
  const std::vector<double> db = frame_levels(w.data_ptr<float>(), w.numel() / kFrame);
  std::vector<Span> pieces;
  for (const Span& p : given) {
    if (rule.whole_pieces && p.length() > rule.longest_s) continue;
    for (const Span& part : cut_long(p, db, rule.longest_s)) pieces.push_back(part);
  }
  const Judge judge(w, db);
  // Ranked: long enough (or the longest there is), then unclipped, then voiced and near the target.
  using Rank = std::tuple<double, double, double>;
  std::optional<std::pair<Rank, Span>> best;
  for (size_t i = 0; i < pieces.size(); ++i)
    for (size_t j = i; j < pieces.size(); ++j) {
      const Span s{pieces[i].start_s, pieces[j].end_s};
      if (s.length() > rule.longest_s + 1e-9) break;
      const Rank rank{std::min(s.length(), rule.shortest_s), -judge.clipped_samples(s),
                      judge.voiced_share(s) - kLengthWeight * std::abs(s.length() - rule.target_s)};
      if (!best || rank > best->first) best = {rank, s};
    }
  if (!best) fail(Code::kBadPrompt, "no piece of at most {:.0f} s of speech", rule.longest_s);
  const Span s = best->second;
  const at::Tensor sound =
      w.slice(0, std::llround(s.start_s * kRate), std::llround(s.end_s * kRate));
  check_prompt(sound, speech_spans(sound));
  return s;
}

}  // namespace vl::dsp
