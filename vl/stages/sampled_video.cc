#include "vl/stages/sampled_video.h"

#include <algorithm>
#include <cmath>

namespace vl::stages {

int64_t tick_of(double seconds, double fps) {
  // Times are multiples of a time base: a half is seldom exact.
  return static_cast<int64_t>(std::floor(seconds * fps + 0.5 + 1e-6));
}

SampledVideo::SampledVideo(const std::string& path, double fps, int threads)
    : reader_(path, {.threads = threads}), fps_(fps) {}

void SampledVideo::advance() {
  current_ = std::move(ahead_);
  ahead_ = reader_.next();
  if (!current_) return;
  if (ahead_) {
    end_ = tick_of(ahead_->time_s() - start_s_, fps_);
    return;
  }
  const double rate = reader_.info().video->fps.value();
  const double shown = rate > 0 ? 1.0 / rate : 1.0 / fps_;
  end_ = std::max(tick_ + 1, tick_of(current_->time_s() + shown - start_s_, fps_));
}

std::optional<media::VideoFrame> SampledVideo::next() {
  if (!current_ && tick_ == 0) {
    ahead_ = reader_.next();
    if (ahead_) start_s_ = ahead_->time_s();
    advance();
  }
  while (current_ && tick_ >= end_) advance();
  if (!current_) return std::nullopt;
  ++tick_;
  return current_;
}

}  // namespace vl::stages
