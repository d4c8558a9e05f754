#pragma once

#include <cstdint>
#include <memory>

#include "vl/media/image.h"
#include "vl/media/probe.h"

struct AVFrame;

namespace vl::media {

/// A decoded picture in its native pixel format. Copies share the pixels; write_bgr_region() makes
/// them its own first. Every call may be made from any thread, one at a time for one object.
class VideoFrame {
 public:
  VideoFrame() = default;
  VideoFrame(std::shared_ptr<AVFrame> frame, int64_t index, int rotation, double time_s)
      : frame_(std::move(frame)), index_(index), rotation_(rotation), time_s_(time_s) {}
  /// A new picture in the format's pixel format (yuv420p where that one cannot be made), matrix,
  /// range and rotation, its times in the format's time base. The size is the picture's, not the
  /// format's.
  /// @param upright B G R, as it is seen
  static VideoFrame from_bgr(const Image& upright, const VideoInfo& format, int64_t pts,
                             int64_t duration, int64_t index);

  int64_t index() const { return index_; }
  double time_s() const { return time_s_; }  ///< presentation time in seconds of the media clock
  int64_t pts() const;                       ///< in the stream's time base
  int64_t duration() const;                  ///< in the stream's time base; 0: unknown
  int width() const;                         ///< of the upright picture
  int height() const;
  AVFrame* native() const { return frame_.get(); }
  /// The same pixels and index at another time, in the same time base.
  VideoFrame with_time(int64_t pts, int64_t duration) const;

  /// The upright picture, B G R, with the frame's matrix and range.
  Image to_bgr() const;
  /// A rectangle of it, equal bit for bit to crop(to_bgr(), upright), at the cost of the rectangle.
  /// @throws Error(kBoxOutside) when it is empty or leaves the picture
  Image to_bgr(const Rect& upright) const;
  /// The upright picture scaled to this size, B G R, in one pass from the native format (mean of
  /// the covered area): for finding faces. @throws Error(kBadValue) for sizes below 1
  Image shrunk(int width, int height) const;
  /// What OpenCV's VideoCapture gives for this picture: FFmpeg's fast conversion (BT.601, chroma
  /// not interpolated), then the rotation.
  Image to_bgr_reference() const;

  /// Replaces a rectangle of the upright picture. Pixels outside keep their bits, and so does alpha
  /// (with chroma subsampling, chroma samples that the rectangle touches change as a whole).
  /// Formats whose samples have no bytes of their own (palettes, bit maps) become B G R.
  /// @param mask one channel of the rectangle's size, 0 where pixels keep their bits; of every row,
  /// what lies between its first and its last other value is written. Null: everything
  /// @throws Error(kBoxOutside)
  void write_bgr_region(const Rect& upright, const Image& bgr, const Image* mask = nullptr);

 private:
  std::shared_ptr<AVFrame> frame_;
  int64_t index_ = 0;
  int rotation_ = 0;  ///< degrees clockwise that make it upright
  double time_s_ = 0.0;
};

}  // namespace vl::media
