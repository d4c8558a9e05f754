#include "vl/media/video_frame.h"

#include <algorithm>
#include <cstring>

#include "vl/core/error.h"
#include "vl/media/colour.h"
#include "vl/media/pixels.h"

namespace vl::media {

namespace {

constexpr int kFastAlign = 64;  // bytes that the fast conversion may write past a row

std::shared_ptr<AVFrame> shared(FramePtr frame) {
  return {frame.release(), [](AVFrame* f) { av_frame_free(&f); }};
}

/// Where a rectangle of the upright picture lies in the coded one.
Rect to_coded(const Rect& r, int rotation, int coded_width, int coded_height) {
  switch (rotation) {
    case 90:
      return {r.y1, coded_height - r.x2, r.y2, coded_height - r.x1};
    case 180:
      return {coded_width - r.x2, coded_height - r.y2, coded_width - r.x1, coded_height - r.y1};
    case 270:
      return {coded_width - r.y2, r.x1, coded_width - r.y1, r.x2};
    default:
      return r;
  }
}

/// One pass of swscale over the whole picture to a size of the upright one.
Image scaled(const AVFrame& f, int rotation, int width, int height, AVPixelFormat format) {
  if (width < 1 || height < 1)
    fail(Code::kBadValue, "cannot scale a picture to {} x {}", width, height);
  Image out(width, height, format == AV_PIX_FMT_GRAY8 ? 1 : 3);
  if (rotation % 180 != 0) std::swap(out.width, out.height);
  uint8_t* to[4] = {out.data.data()};
  const int stride[4] = {out.channels * out.width};
  const bool smaller = out.width <= f.width && out.height <= f.height;
  const int flags = (smaller ? SWS_AREA : SWS_BILINEAR) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
  sws_scale(scaler(side_of(f), {out.width, out.height, format, true}, space_of(f), flags), f.data,
            f.linesize, 0, f.height, to, stride);
  return rotate(out, rotation);
}

AVPixelFormat native_format(const std::string& name) {
  const AVPixelFormat format = av_get_pix_fmt(name.c_str());
  return format != AV_PIX_FMT_NONE && sws_isSupportedOutput(format) != 0 && has_samples(format)
             ? format
             : AV_PIX_FMT_YUV420P;
}

}  // namespace

VideoFrame VideoFrame::from_bgr(const Image& upright, const VideoInfo& format, int64_t pts,
                                int64_t duration, int64_t index) {
  if (upright.width < 1 || upright.height < 1 || upright.channels != 3)
    fail(Code::kBadValue, "cannot make a picture of {} x {}, {} channels", upright.width,
         upright.height, upright.channels);
  const Image turned = rotate(upright, (360 - format.rotation) % 360);
  FramePtr f = new_picture(native_format(format.pix_fmt), turned.width, turned.height);
  const Colour colour = colour_of(format, static_cast<AVPixelFormat>(f->format));
  f->color_range = colour.range;
  f->colorspace = colour.matrix;
  f->color_primaries = colour.primaries;
  f->color_trc = colour.transfer;
  f->chroma_location = colour.location;
  f->sample_aspect_ratio = {format.sar.num, format.sar.den};
  fill_from_bgr(turned, *f);
  f->pts = pts;
  f->pkt_duration = duration;
  f->time_base = {format.time_base.num, format.time_base.den};
  return {shared(std::move(f)), index, format.rotation,
          static_cast<double>(pts) * format.time_base.value()};
}

int64_t VideoFrame::pts() const { return frame_->pts; }
int64_t VideoFrame::duration() const { return frame_->pkt_duration; }
int VideoFrame::width() const { return rotation_ % 180 == 0 ? frame_->width : frame_->height; }
int VideoFrame::height() const { return rotation_ % 180 == 0 ? frame_->height : frame_->width; }

VideoFrame VideoFrame::with_time(int64_t pts, int64_t duration) const {
  FramePtr copy(av_frame_clone(frame_.get()));
  if (!copy) fail(Code::kHostMemory, "no memory for a picture");
  copy->pts = copy->best_effort_timestamp = pts;
  copy->pkt_duration = duration;
  const double time = static_cast<double>(pts) * av_q2d(frame_->time_base);
  return {shared(std::move(copy)), index_, rotation_, time};
}

Image VideoFrame::to_bgr() const {
  return rotate(bgr_of(*frame_, {0, 0, frame_->width, frame_->height}), rotation_);
}

Image VideoFrame::to_bgr(const Rect& r) const {
  if (r.x1 < 0 || r.y1 < 0 || r.x2 > width() || r.y2 > height() || r.width() <= 0 ||
      r.height() <= 0)
    fail(Code::kBoxOutside, "box {},{} to {},{} leaves the picture of {} x {}", r.x1, r.y1, r.x2,
         r.y2, width(), height());
  return rotate(bgr_of(*frame_, to_coded(r, rotation_, frame_->width, frame_->height)), rotation_);
}

Image VideoFrame::shrunk(int width, int height) const {
  return scaled(*frame_, rotation_, width, height, AV_PIX_FMT_BGR24);
}

Image VideoFrame::to_bgr_reference() const {
  const AVFrame& f = *frame_;
  const int width = f.width + f.width % 2, height = f.height + f.height % 2;
  const bool cut =
      (width != f.width || height != f.height) && has_samples(static_cast<AVPixelFormat>(f.format));
  const FramePtr even =
      cut ? cut_out(f, {0, 0, f.width, f.height}, width, height) : FramePtr(av_frame_clone(&f));
  const PixelSide from{even->width, even->height, static_cast<AVPixelFormat>(even->format)};
  const int stride[4] = {(3 * even->width + 2 * kFastAlign - 1) / kFastAlign * kFastAlign};
  std::vector<uint8_t> wide(static_cast<size_t>(stride[0]) * even->height + kFastAlign);
  uint8_t* to[4] = {wide.data()};
  sws_scale(
      scaler(from, {from.width, from.height, AV_PIX_FMT_BGR24, false}, kFastSpace, SWS_BICUBIC),
      even->data, even->linesize, 0, from.height, to, stride);
  Image out(f.width, f.height);
  for (int y = 0; y < f.height; ++y)
    std::memcpy(out.row(y), wide.data() + static_cast<size_t>(y) * stride[0],
                3 * static_cast<size_t>(f.width));
  return rotate(out, rotation_);
}

void VideoFrame::write_bgr_region(const Rect& upright, const Image& bgr, const Image* mask) {
  const Rect r = to_coded(upright, rotation_, frame_->width, frame_->height);
  if (r.x1 < 0 || r.y1 < 0 || r.x2 > frame_->width || r.y2 > frame_->height ||
      bgr.width != upright.width() || bgr.height != upright.height() ||
      (mask != nullptr && (mask->width != bgr.width || mask->height != bgr.height)))
    fail(Code::kBoxOutside, "region {},{} to {},{} leaves the picture", upright.x1, upright.y1,
         upright.x2, upright.y2);
  if (r.width() == 0 || r.height() == 0) return;
  const auto format = static_cast<AVPixelFormat>(frame_->format);
  if (!has_samples(format) || sws_isSupportedOutput(format) == 0) {
    FramePtr plain = new_picture(AV_PIX_FMT_BGR24, frame_->width, frame_->height);
    av_frame_copy_props(plain.get(), frame_.get());
    plain->colorspace = AVCOL_SPC_RGB;
    plain->color_range = AVCOL_RANGE_JPEG;
    const Image whole = bgr_of(*frame_, {0, 0, frame_->width, frame_->height});
    for (int y = 0; y < whole.height; ++y)
      std::memcpy(plain->data[0] + static_cast<ptrdiff_t>(y) * plain->linesize[0], whole.row(y),
                  3 * static_cast<size_t>(whole.width));
    frame_ = shared(std::move(plain));
  }
  if (frame_.use_count() > 1) frame_ = shared(FramePtr(av_frame_clone(frame_.get())));
  if (av_frame_make_writable(frame_.get()) < 0)
    fail(Code::kHostMemory, "no memory for a copy of a picture");
  const int back = (360 - rotation_) % 360;
  const Image turned = mask != nullptr ? rotate(*mask, back) : Image();
  write_bgr(rotate(bgr, back), r, mask != nullptr ? &turned : nullptr, *frame_);
}

}  // namespace vl::media
