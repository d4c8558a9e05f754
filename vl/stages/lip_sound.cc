#include "vl/stages/lip_sound.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/dsp/wav2lip_mel.h"

namespace vl::stages {

namespace {

constexpr int64_t kFrame = dsp::kLipRate / 100;
constexpr double kFrameSeconds = 0.01, kHangover = 0.12;
constexpr float kAudible = 1e-5F;         // mean square of -50 dBFS
constexpr uint64_t kLeastSamples = 3600;  // 19 columns: every padding and a window fit

size_t samples_of(double seconds) {
  return static_cast<size_t>(std::llround(std::max(0.0, seconds) * dsp::kLipRate));
}

/// How many of `count` samples are left out, of `left` that still are to be.
size_t take_off(size_t& left, size_t count) {
  const size_t out = std::min(left, count);
  left -= out;
  return out;
}

}  // namespace

SoundLevels::SoundLevels(double late) : skipped_(samples_of(late)) {}

void SoundLevels::append(const float* samples, size_t count) {
  for (size_t i = take_off(skipped_, count); i < count; ++i) {
    sum_ += static_cast<double>(samples[i]) * samples[i];
    if (++pending_ < kFrame) continue;
    energy_.push_back(static_cast<float>(sum_ / kFrame));
    sum_ = 0, pending_ = 0;
  }
}

float SoundLevels::level(double start, double end) const {
  const auto n = static_cast<double>(energy_.size());
  const auto a = static_cast<size_t>(std::clamp(std::floor(start / kFrameSeconds), 0.0, n)),
             b = static_cast<size_t>(std::clamp(std::ceil(end / kFrameSeconds), 0.0, n));
  double sum = 0;
  for (size_t i = a; i < b; ++i) sum += energy_[i];
  return b > a ? static_cast<float>(std::sqrt(sum / static_cast<double>(b - a))) : 0.0F;
}

float SoundLevels::presence(double seconds, double fade) const {
  const auto n = static_cast<int64_t>(energy_.size());
  const auto at = static_cast<int64_t>(std::floor(seconds / kFrameSeconds + 1e-9)),
             reach = static_cast<int64_t>(std::ceil((kHangover + fade) / kFrameSeconds));
  double nearest = kHangover + fade;
  for (int64_t i = std::max<int64_t>(0, at - reach); i < std::min(n, at + reach + 1); ++i)
    if (energy_[static_cast<size_t>(i)] > kAudible)
      nearest = std::min(nearest, static_cast<double>(std::abs(i - at)) * kFrameSeconds);
  if (nearest <= kHangover) return 1;
  return fade > 0 ? static_cast<float>(std::max(0.0, 1 - (nearest - kHangover) / fade)) : 0.0F;
}

double SoundLevels::seconds() const { return static_cast<double>(energy_.size()) * kFrameSeconds; }

LipSound::LipSound(const std::string& folder, double late)
    : skipped_(samples_of(late)), samples_(folder) {}

void LipSound::append(const float* samples, size_t count) {
  const size_t first = take_off(skipped_, count);
  samples += first, count -= first;
  samples_.append(samples, count);
  levels_.append(samples, count);
  own_ += count;
}

bool LipSound::finish() {
  if (samples_.size() >= kLeastSamples) return false;
  const std::vector<float> zeros(kLeastSamples - samples_.size(), 0.0F);
  samples_.append(zeros.data(), zeros.size());
  return true;
}

double LipSound::seconds() const {
  return static_cast<double>(own_) / static_cast<double>(dsp::kLipRate);
}

int64_t LipSound::columns() const {
  return static_cast<int64_t>(samples_.size()) / dsp::kLipHop + 1;
}

int64_t LipSound::column_at(double seconds) {
  // 80 times a decimal time may fall just below its column.
  return static_cast<int64_t>(std::floor(std::max(0.0, seconds) * 80.0 + 1e-9));
}

/// Columns first .. end - 1 of the whole sound, which has them.
at::Tensor LipSound::mel(int64_t first, int64_t end) const {
  const dsp::LipCut cut = dsp::lip_cut(static_cast<int64_t>(samples_.size()), first, end);
  std::vector<float> piece(static_cast<size_t>(cut.end - cut.begin));
  samples_.read(static_cast<uint64_t>(cut.begin), piece.data(), piece.size());
  return dsp::wav2lip_mel(
             at::from_blob(piece.data(), {static_cast<int64_t>(piece.size())}, at::kFloat))
      .slice(1, cut.skip, cut.skip + end - first);
}

at::Tensor LipSound::windows(const std::vector<int64_t>& starts) const {
  const int64_t all = columns();
  const auto [low, high] = std::minmax_element(starts.begin(), starts.end());
  const int64_t first = std::min(*low, all), last = std::min(*high, all),
                end = std::min(last + dsp::kLipWindow, all);
  at::Tensor part = first < end ? mel(first, end) : at::empty({dsp::kLipMels, 0});
  part = at::constant_pad_nd(part, {0, last + dsp::kLipWindow - std::max(first, end)},
                             dsp::kLipSilence);
  std::vector<at::Tensor> out;
  for (const int64_t start : starts) {
    // Starts behind the end have nothing but silence.
    const int64_t at = std::min(start, all) - first;
    out.push_back(part.slice(1, at, at + dsp::kLipWindow));
  }
  return at::stack(out).unsqueeze(1).contiguous();
}

}  // namespace vl::stages
