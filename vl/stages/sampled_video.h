#pragma once

#include <optional>
#include <string>

#include "vl/media/video_reader.h"

namespace vl::stages {

/// The tick of a steady clock that a picture is shown at first: round(seconds * fps).
int64_t tick_of(double seconds, double fps);

/// The pictures of a file at a steady rate from its first picture on: each is repeated until the
/// tick of the next, and left out where the next has the same (as FFmpeg's constant rate does).
class SampledVideo {
 public:
  /// @throws as media::VideoReader
  SampledVideo(const std::string& path, double fps, int threads = 0);

  /// The next picture; the one before may come again (VideoFrame::index()). Nothing at the end.
  /// @throws as media::VideoReader::next
  std::optional<media::VideoFrame> next();
  const media::MediaInfo& info() const { return reader_.info(); }
  /// When the first picture is shown, seconds of the media clock; known after the first next().
  double start_s() const { return start_s_; }

 private:
  void advance();

  media::VideoReader reader_;
  double fps_, start_s_ = 0.0;
  std::optional<media::VideoFrame> current_, ahead_;
  int64_t tick_ = 0, end_ = 0;  ///< of the next result; past the last of `current_`
};

}  // namespace vl::stages
