#include "vl/media/picture_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "vl/core/error.h"
#include "vl/media/encoder_choice.h"
#include "vl/media/pixels.h"

namespace vl::media {

PictureEncoder::PictureEncoder(const AVOutputFormat& container, const VideoInfo& pictures,
                               const std::string& source_codec, const EncoderOptions& options)
    : pictures_(pictures),
      options_(options),
      global_header_((container.flags & AVFMT_GLOBALHEADER) != 0) {
  av_log_set_level(AV_LOG_QUIET);
  if (options.crf < 0 || options.crf > 51)
    fail(Code::kBadValue, "crf {} is not 0 to 51", options.crf);
  // Their files have no place for a rotation that players look at.
  if (std::strcmp(container.name, "matroska") == 0 || std::strcmp(container.name, "webm") == 0)
    turn_ = std::exchange(pictures_.rotation, 0);
  if (turn_ % 180 != 0) {
    std::swap(pictures_.width, pictures_.height);
    std::swap(pictures_.sar.num, pictures_.sar.den);
  }
  open_first(container, source_codec);
  const double step = pictures.fps.value() * pictures.time_base.value();
  if (step > 0) nominal_ = std::max<int64_t>(1, std::llround(1.0 / step));
}

/// Opens the first encoder that does.
void PictureEncoder::open_first(const AVOutputFormat& container, const std::string& source_codec) {
  const auto codecs = candidates(container, source_codec, options_);
  for (const AVCodec* codec : codecs) {
    try {
      choice_ = choice_of(*codec, pictures_, source_codec, options_);
    } catch (const Error& e) {
      // The next one may take the pixel format.
      if (codec == codecs.back() || e.code() != Code::kUnsupportedKind) throw;
      continue;
    }
    choice_.turned = turn_;
    const int opened = open(*codec);
    if (opened >= 0) return;
    if (codec != codecs.back()) continue;
    if (choice_.hardware) refuse_nvenc(*codec, opened);
    fail(Code::kUnsupportedKind, "encoder {} does not take {} x {} {}: {}", codec->name,
         choice_.width, choice_.height, choice_.pix_fmt, av_text(opened));
  }
}

int PictureEncoder::open(const AVCodec& codec) {
  const VideoInfo& v = pictures_;
  encoder_.reset(avcodec_alloc_context3(&codec));
  AVCodecContext& c = *encoder_;
  c.width = choice_.width;
  c.height = choice_.height;
  c.pix_fmt = av_get_pix_fmt(choice_.pix_fmt.c_str());
  c.time_base = {v.time_base.num, v.time_base.den};
  c.framerate = {v.fps.num, v.fps.den};
  c.sample_aspect_ratio = {v.sar.num, v.sar.den};
  c.thread_count = options_.threads;
  c.gop_size =
      std::max(1, static_cast<int>(std::lround(kKeySeconds * std::max(1.0, v.fps.value()))));
  colour_ = colour_of(v, c.pix_fmt);
  c.color_range = colour_.range;
  c.color_primaries = colour_.primaries;
  c.color_trc = colour_.transfer;
  c.colorspace = colour_.matrix;
  c.chroma_sample_location = colour_.location;
  if (global_header_) c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  c.flags |= AV_CODEC_FLAG_CLOSED_GOP;
  AVDictionary* options = private_options(c, codec, options_);
  const int opened = avcodec_open2(encoder_.get(), &codec, &options);
  av_dict_free(&options);
  return opened;
}

/// The picture in the encoder's format and size.
FramePtr PictureEncoder::fitted(const AVFrame& frame) const {
  FramePtr out = turned(frame, turn_);
  const auto format = static_cast<AVPixelFormat>(out->format);
  if (plain_format(format) == encoder_->pix_fmt) out->format = encoder_->pix_fmt;
  if (choice_.size_changed && has_samples(format))
    out = cut_out(*out, {0, 0, out->width, out->height}, choice_.width, choice_.height);
  if (out->format == encoder_->pix_fmt && out->width == encoder_->width &&
      out->height == encoder_->height)
    return out;
  FramePtr converted = new_picture(encoder_->pix_fmt, encoder_->width, encoder_->height);
  converted->color_range = colour_.range;
  converted->colorspace = colour_.matrix;
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(out->format));
  const bool from_rgb = (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
  constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
  sws_scale(
      scaler(side_of(*out), side_of(*converted), space_of(from_rgb ? *converted : *out), kFlags),
      out->data, out->linesize, 0, out->height, converted->data, converted->linesize);
  return converted;
}

/// Asks for a key frame where pictures come slower than their mean rate says.
void PictureEncoder::place_key(AVFrame& frame) {
  const double passed = static_cast<double>(frame.pts - key_pts_) * pictures_.time_base.value();
  const bool first = since_key_ < 0, by_itself = since_key_ + 1 >= encoder_->gop_size;
  // The encoder counts from its own key frames: of those at scene cuts nobody tells us.
  const bool late = !first && passed > kKeySeconds * 0.999 && !by_itself;
  frame.pict_type = first || late ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  ++since_key_;
  if (!first && !late && !by_itself) return;
  key_pts_ = frame.pts;
  since_key_ = 0;
}

void PictureEncoder::write(const VideoFrame& frame, const Take& take) {
  const AVFrame& native = *frame.native();
  const bool swapped = turn_ % 180 != 0;
  const int width = swapped ? pictures_.height : pictures_.width,
            height = swapped ? pictures_.width : pictures_.height;
  if (native.width != width || native.height != height)
    fail(Code::kBadValue, "a picture of {} x {} among those of {} x {}", native.width,
         native.height, width, height);
  FramePtr fit = fitted(native);
  fit->pts = frame.pts();
  fit->color_range = colour_.range;
  fit->color_primaries = colour_.primaries;
  fit->color_trc = colour_.transfer;
  fit->colorspace = colour_.matrix;
  place_key(*fit);
  durations_[frame.pts()] = frame.duration() > 0 ? frame.duration() : nominal_;
  send(fit.get(), take);
}

void PictureEncoder::finish(const Take& take) {
  send(nullptr, take);
  encoder_.reset();
}

/// Hands a picture (or the end) to the encoder and its finished packets on.
void PictureEncoder::send(const AVFrame* frame, const Take& take) {
  const auto check = [this](int result) {
    if (result == AVERROR(ENOMEM)) fail(Code::kHostMemory, "no memory to encode a picture");
    if (result < 0)
      fail(choice_.hardware ? Code::kDeviceLost : Code::kInternal, "encoder {} stops: {}",
           choice_.encoder, av_text(result));
  };
  check(avcodec_send_frame(encoder_.get(), frame));
  while (true) {
    const int got = avcodec_receive_packet(encoder_.get(), packet_.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    check(got);
    const auto it = durations_.find(packet_->pts);
    packet_->duration = it != durations_.end() ? it->second : nominal_;
    if (it != durations_.end()) durations_.erase(it);
    take(*packet_);
    av_packet_unref(packet_.get());
  }
}

}  // namespace vl::media
