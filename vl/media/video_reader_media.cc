#include "vl/media/video_reader.h"

#include <cstring>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"

namespace vl::media {

namespace {

constexpr double kDamagedShare = 0.02, kMissingEnd = 0.5;

SwsPtr converter(const AVFrame& f, int width, int height, bool to_bgr) {
  const auto native = static_cast<AVPixelFormat>(f.format);
  const int flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  SwsPtr sws(to_bgr ? sws_getContext(width, height, native, width, height, AV_PIX_FMT_BGR24, flags,
                                     nullptr, nullptr, nullptr)
                    : sws_getContext(width, height, AV_PIX_FMT_BGR24, width, height, native, flags,
                                     nullptr, nullptr, nullptr));
  if (!sws)
    fail(Code::kUnsupportedKind, "pixel format {} is not supported", av_get_pix_fmt_name(native));
  const int space = f.colorspace == AVCOL_SPC_UNSPECIFIED
                        ? (f.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M)
                        : f.colorspace;
  const int* table = sws_getCoefficients(space);
  const int full = f.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(sws.get(), table, to_bgr ? full : 1, table, to_bgr ? 1 : full, 0,
                           1 << 16, 1 << 16);
  return sws;
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

Image to_bgr_coded(const AVFrame& f, const Rect& r) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f.format));
  Image out(r.width(), r.height());
  const uint8_t* planes[4] = {};
  for (int c = 0; c < d->nb_components; ++c) {
    const AVComponentDescriptor& comp = d->comp[c];
    const bool chroma = (c == 1 || c == 2) && (d->flags & AV_PIX_FMT_FLAG_RGB) == 0;
    const int sx = chroma ? d->log2_chroma_w : 0, sy = chroma ? d->log2_chroma_h : 0;
    planes[comp.plane] = f.data[comp.plane] +
                         static_cast<ptrdiff_t>(r.y1 >> sy) * f.linesize[comp.plane] +
                         static_cast<ptrdiff_t>(r.x1 >> sx) * comp.step;
  }
  uint8_t* to[4] = {out.data.data()};
  const int to_stride[4] = {3 * out.width};
  sws_scale(converter(f, r.width(), r.height(), true).get(), planes, f.linesize, 0, r.height(), to,
            to_stride);
  return out;
}

/// Copies the samples of `from` (a native picture of the aligned rectangle) that lie inside `inner`
/// into the frame.
void copy_planes(const AVFrame& from, AVFrame& to, const Rect& aligned, const Rect& inner) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(to.format));
  bool done[4] = {};
  for (int c = 0; c < d->nb_components; ++c) {
    const AVComponentDescriptor& comp = d->comp[c];
    if (done[comp.plane]) continue;
    done[comp.plane] = true;
    const bool chroma = (c == 1 || c == 2) && (d->flags & AV_PIX_FMT_FLAG_RGB) == 0;
    const int sx = chroma ? d->log2_chroma_w : 0, sy = chroma ? d->log2_chroma_h : 0;
    const int x1 = inner.x1 >> sx, x2 = -((-inner.x2) >> sx), y1 = inner.y1 >> sy,
              y2 = -((-inner.y2) >> sy);
    for (int y = y1; y < y2; ++y)
      std::memcpy(to.data[comp.plane] + static_cast<ptrdiff_t>(y) * to.linesize[comp.plane] +
                      x1 * comp.step,
                  from.data[comp.plane] +
                      static_cast<ptrdiff_t>(y - (aligned.y1 >> sy)) * from.linesize[comp.plane] +
                      (x1 - (aligned.x1 >> sx)) * comp.step,
                  static_cast<size_t>(x2 - x1) * comp.step);
  }
}

}  // namespace

int64_t VideoFrame::pts() const { return frame_->pts; }
int64_t VideoFrame::duration() const { return frame_->pkt_duration; }
int VideoFrame::width() const { return rotation_ % 180 == 0 ? frame_->width : frame_->height; }
int VideoFrame::height() const { return rotation_ % 180 == 0 ? frame_->height : frame_->width; }

Image VideoFrame::to_bgr() const {
  return rotate(to_bgr_coded(*frame_, {0, 0, frame_->width, frame_->height}), rotation_);
}

void VideoFrame::write_bgr_region(const Rect& upright, const Image& bgr) {
  const Rect r = to_coded(upright, rotation_, frame_->width, frame_->height);
  if (r.x1 < 0 || r.y1 < 0 || r.x2 > frame_->width || r.y2 > frame_->height ||
      bgr.width != upright.width() || bgr.height != upright.height())
    fail(Code::kBoxOutside, "region {},{} to {},{} leaves the picture", upright.x1, upright.y1,
         upright.x2, upright.y2);
  if (r.width() == 0 || r.height() == 0) return;
  const Image turned = rotate(bgr, (360 - rotation_) % 360);
  // Chroma samples cover blocks: the region grows to whole blocks, with what the frame holds there.
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame_->format));
  const int mx = (1 << d->log2_chroma_w) - 1, my = (1 << d->log2_chroma_h) - 1;
  const Rect aligned{r.x1 & ~mx, r.y1 & ~my, std::min((r.x2 + mx) & ~mx, frame_->width),
                     std::min((r.y2 + my) & ~my, frame_->height)};
  Image grown = to_bgr_coded(*frame_, aligned);
  for (int y = 0; y < turned.height; ++y)
    std::memcpy(grown.row(r.y1 - aligned.y1 + y) + 3 * (r.x1 - aligned.x1), turned.row(y),
                3 * static_cast<size_t>(turned.width));
  FramePtr patch(av_frame_alloc());
  patch->format = frame_->format;
  patch->width = grown.width;
  patch->height = grown.height;
  if (av_frame_get_buffer(patch.get(), 0) < 0)
    fail(Code::kHostMemory, "no memory for a picture of {} x {}", grown.width, grown.height);
  const uint8_t* from[4] = {grown.data.data()};
  const int stride[4] = {3 * grown.width};
  sws_scale(converter(*frame_, grown.width, grown.height, false).get(), from, stride, 0,
            grown.height, patch->data, patch->linesize);
  if (frame_.use_count() > 1)
    frame_ = {av_frame_clone(frame_.get()), [](AVFrame* f) { av_frame_free(&f); }};
  if (av_frame_make_writable(frame_.get()) < 0)
    fail(Code::kHostMemory, "no memory for a copy of a picture");
  copy_planes(*patch, *frame_, aligned, r);
}

struct VideoReader::State {
  MediaInfo info;
  InputContext input;
  CodecContext decoder;
  PacketPtr packet{av_packet_alloc()};
  bool draining = false, ended = false;
  int64_t decoded = 0, damaged = 0, hidden = 0, last_pts = AV_NOPTS_VALUE;
  int64_t clock_start = 0;  ///< of the container, in the stream's time base
  double last_time = 0.0;   ///< end of the last packet of any stream, seconds

  const AVStream& stream() const { return *input->streams[info.video->stream]; }
  bool feed();
  VideoFrame wrap(FramePtr frame);
  void check_end() const;
};

VideoReader::VideoReader(const std::string& path, int threads) : state_(std::make_unique<State>()) {
  state_->info = probe(path);
  if (!state_->info.video)
    throw Error(Code::kNoVideo, path + " has no video stream", Where{.file = path});
  state_->input = open_input(path);
  const AVRational& base = state_->stream().time_base;
  state_->clock_start = std::llround(media::clock_start(*state_->input) / av_q2d(base));
  state_->decoder = open_decoder(state_->stream(), threads);
}

VideoReader::~VideoReader() = default;

const MediaInfo& VideoReader::info() const { return state_->info; }
int64_t VideoReader::decoded() const { return state_->decoded; }
int64_t VideoReader::damaged() const { return state_->damaged; }

/// Hands the decoder one more packet, or the end of the stream.
bool VideoReader::State::feed() {
  while (true) {
    const int read = av_read_frame(input.get(), packet.get());
    if (read < 0) {
      draining = true;
      avcodec_send_packet(decoder.get(), nullptr);
      return true;
    }
    const bool ours = packet->stream_index == info.video->stream;
    const AVRational& base = input->streams[packet->stream_index]->time_base;
    if (packet->pts != AV_NOPTS_VALUE)
      last_time =
          std::max(last_time, static_cast<double>(packet->pts + packet->duration) * av_q2d(base));
    // An edit list hides these: they are decoded for what refers to them, and not shown.
    if (ours && (packet->flags & AV_PKT_FLAG_DISCARD) != 0) ++hidden;
    const int sent = ours ? avcodec_send_packet(decoder.get(), packet.get()) : 0;
    av_packet_unref(packet.get());
    if (ours && sent < 0 && sent != AVERROR(EAGAIN)) ++damaged;
    if (ours) return true;
  }
}

VideoFrame VideoReader::State::wrap(FramePtr frame) {
  frame->pts = frame->best_effort_timestamp;
  if (frame->pts != AV_NOPTS_VALUE) frame->pts -= clock_start;
  const int64_t step =
      frame->pkt_duration > 0
          ? frame->pkt_duration
          : std::max<int64_t>(1,
                              static_cast<int64_t>(1.0 / (std::max(info.video->fps.value(), 1.0) *
                                                          info.video->time_base.value())));
  if (frame->pts == AV_NOPTS_VALUE || (last_pts != AV_NOPTS_VALUE && frame->pts <= last_pts))
    frame->pts = last_pts == AV_NOPTS_VALUE ? 0 : last_pts + step;
  last_pts = frame->pts;
  if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0) ++damaged;
  const double time = static_cast<double>(frame->pts) * info.video->time_base.value();
  std::shared_ptr<AVFrame> shared(frame.release(), [](AVFrame* f) { av_frame_free(&f); });
  return {std::move(shared), decoded++, info.video->rotation, time};
}

void VideoReader::State::check_end() const {
  const bool picture = info.container.find("_pipe") != std::string::npos ||
                       info.container.find("image2") != std::string::npos;
  if (decoded == 0)
    throw Error(picture ? Code::kBadPicture : Code::kTruncatedInput,
                picture ? "cannot decode picture " + info.path
                        : fmt::format("{} ends early: no frame decodes", info.path),
                Where{.file = info.path});
  int64_t expected = std::max(info.video->frames - hidden, decoded);
  // A container that counts no pictures still says how long it is.
  const double begin = input->start_time != AV_NOPTS_VALUE
                           ? static_cast<double>(input->start_time) / AV_TIME_BASE
                           : 0.0;
  const double end = begin + info.seconds;
  if (info.video->frames == 0 && info.whole_length && !picture &&
      end - last_time > std::max(kMissingEnd, kDamagedShare * info.seconds))
    expected = std::max<int64_t>(decoded + 2, std::llround(info.seconds * info.video->fps.value()));
  const int64_t lost = std::max(expected - decoded, damaged);
  if (static_cast<double>(lost) > kDamagedShare * static_cast<double>(expected) && lost > 1)
    throw Error(Code::kTruncatedInput,
                fmt::format("{} ends early: {} of {} frames decode", info.path,
                            std::min(decoded, expected - lost), expected),
                Where{.file = info.path, .stream = info.video->stream, .frame = decoded},
                {"copy or load the file again"});
}

std::optional<VideoFrame> VideoReader::next() {
  if (state_->ended) return std::nullopt;
  FramePtr frame(av_frame_alloc());
  while (true) {
    const int got = avcodec_receive_frame(state_->decoder.get(), frame.get());
    if (got == 0) return state_->wrap(std::move(frame));
    if (got == AVERROR(EAGAIN)) {
      state_->feed();
    } else if (got == AVERROR_EOF || state_->draining) {
      state_->ended = true;
      state_->check_end();
      return std::nullopt;
    } else {
      ++state_->damaged;
      state_->feed();
    }
  }
}

}  // namespace vl::media
