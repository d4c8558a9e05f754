#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vl/media/image.h"
#include "vl/media/probe.h"

struct AVFrame;

namespace vl::media {

/// A decoded picture in its native pixel format. Copies share the pixels; write_bgr_region() makes
/// them its own first.
class VideoFrame {
 public:
  VideoFrame() = default;
  VideoFrame(std::shared_ptr<AVFrame> frame, int64_t index, int rotation, double time_s)
      : frame_(std::move(frame)), index_(index), rotation_(rotation), time_s_(time_s) {}

  int64_t index() const { return index_; }
  double time_s() const { return time_s_; }  ///< presentation time in seconds of the media clock
  int64_t pts() const;                       ///< in the stream's time base
  int64_t duration() const;                  ///< in the stream's time base; 0: unknown
  int width() const;                         ///< of the upright picture
  int height() const;
  AVFrame* native() const { return frame_.get(); }

  /// The upright picture, B G R, with the frame's matrix and range.
  Image to_bgr() const;
  /// Replaces a rectangle of the upright picture. Pixels outside keep their bits (with chroma
  /// subsampling, chroma samples that the rectangle touches change as a whole).
  void write_bgr_region(const Rect& upright, const Image& bgr);

 private:
  std::shared_ptr<AVFrame> frame_;
  int64_t index_ = 0;
  int rotation_ = 0;
  double time_s_ = 0.0;
};

/// Decodes the picture stream of a file, frame by frame, in presentation order. A still picture is
/// one frame.
class VideoReader {
 public:
  /// @param threads of the decoder; 0: its own choice
  /// @throws Error as probe(), kNoVideo, kBadPicture
  VideoReader(const std::string& path, int threads);
  ~VideoReader();
  VideoReader(const VideoReader&) = delete;
  VideoReader& operator=(const VideoReader&) = delete;

  const MediaInfo& info() const;
  /// The next picture, or nothing at the end. Up to 2 % damaged frames are passed over.
  /// @throws Error(kTruncatedInput) at the end, when more than that is damaged or missing
  std::optional<VideoFrame> next();
  int64_t decoded() const;
  int64_t damaged() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
