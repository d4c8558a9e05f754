#include "vl/media/video_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "vl/core/error.h"
#include "vl/media/muxer.h"

namespace vl::media {

namespace {

constexpr double kKeySeconds = 2.0;

const AVCodec* encoder_of(const std::string& family) {
  if (family == "hevc") return avcodec_find_encoder_by_name("libx265");
  if (family == "vp9") return avcodec_find_encoder_by_name("libvpx-vp9");
  return avcodec_find_encoder_by_name("libx264");
}

const AVCodec* choose_video(const std::string& asked, const std::string& source,
                            const AVOutputFormat& format) {
  const bool webm = std::strcmp(format.name, "webm") == 0;
  std::string family = asked;
  if (asked == "auto")
    family = webm ? "vp9" : source == "hevc" || source == "vp9" ? source : "h264";
  const AVCodec* codec = encoder_of(family);
  if (codec != nullptr && avformat_query_codec(&format, codec->id, FF_COMPLIANCE_NORMAL) != 1) {
    if (asked != "auto")
      fail(Code::kUnsupportedKind, "a {} file does not take {}", format.name, family);
    codec = encoder_of("h264");
  }
  if (codec == nullptr)
    fail(Code::kUnsupportedKind, "FFmpeg of this machine has no encoder for {}", family);
  return codec;
}

AVPixelFormat choose_pixels(const AVCodec& codec, const std::string& source) {
  const AVPixelFormat wanted = av_get_pix_fmt(source.c_str());
  for (const AVPixelFormat* f = codec.pix_fmts; f != nullptr && *f != AV_PIX_FMT_NONE; ++f)
    if (*f == wanted) return wanted;
  return AV_PIX_FMT_YUV420P;
}

}  // namespace

struct VideoWriter::State {
  State(const std::string& target, const char* format, bool overwrite)
      : muxer(target, format, overwrite) {}

  Muxer muxer;
  CodecContext video;
  AVStream* video_stream = nullptr;
  std::optional<SoundTrack> sound;
  SwsPtr convert;
  PacketPtr packet{av_packet_alloc()};
  std::map<int64_t, int64_t> durations;  ///< pts of pictures in the encoder -> their duration
  int64_t nominal = 0;

  void open_video(const MediaInfo& source, const WriterOptions& options);
  void send(const AVFrame* frame);
};

void VideoWriter::State::open_video(const MediaInfo& source, const WriterOptions& o) {
  const VideoInfo& v = *source.video;
  const AVCodec* codec = choose_video(o.video_codec, v.codec, *muxer.context().oformat);
  video.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *video;
  c.width = v.width;
  c.height = v.height;
  c.pix_fmt = choose_pixels(*codec, v.pix_fmt);
  c.time_base = {v.time_base.num, v.time_base.den};
  c.framerate = {v.fps.num, v.fps.den};
  c.sample_aspect_ratio = {v.sar.num, v.sar.den};
  c.thread_count = o.threads;
  c.gop_size =
      std::max(1, static_cast<int>(std::lround(kKeySeconds * std::max(1.0, v.fps.value()))));
  const auto named = [](int value) { return std::max(value, 0); };
  if (v.range != "unknown")
    c.color_range = static_cast<AVColorRange>(named(av_color_range_from_name(v.range.c_str())));
  if (v.primaries != "unknown")
    c.color_primaries =
        static_cast<AVColorPrimaries>(named(av_color_primaries_from_name(v.primaries.c_str())));
  if (v.transfer != "unknown")
    c.color_trc = static_cast<AVColorTransferCharacteristic>(
        named(av_color_transfer_from_name(v.transfer.c_str())));
  if (v.matrix != "unknown")
    c.colorspace = static_cast<AVColorSpace>(named(av_color_space_from_name(v.matrix.c_str())));
  if ((muxer.context().oformat->flags & AVFMT_GLOBALHEADER) != 0)
    c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  AVDictionary* options = nullptr;
  const std::string name = codec->name;
  av_dict_set(&options, name == "libx264" && o.crf == 0 ? "qp" : "crf",
              std::to_string(o.crf).c_str(), 0);
  if (name == "libvpx-vp9") {
    c.bit_rate = 0;
    av_dict_set(&options, "cpu-used", "5", 0);
    av_dict_set(&options, "row-mt", "1", 0);
  } else {
    av_dict_set(&options, "preset", name == "libx265" ? "superfast" : "veryfast", 0);
  }
  if (name == "libx265") {
    av_dict_set(&options, "x265-params",
                o.threads > 0 ? fmt::format("log-level=none:pools={}", o.threads).c_str()
                              : "log-level=none",
                0);
    c.codec_tag = MKTAG('h', 'v', 'c', '1');
  }
  const int opened = avcodec_open2(video.get(), codec, &options);
  av_dict_free(&options);
  if (opened < 0)
    fail(Code::kUnsupportedKind, "encoder {} does not take {} x {} {}: {}", name, v.width, v.height,
         v.pix_fmt, av_text(opened));
  video_stream = avformat_new_stream(&muxer.context(), nullptr);
  avcodec_parameters_from_context(video_stream->codecpar, video.get());
  video_stream->time_base = c.time_base;
  video_stream->avg_frame_rate = c.framerate;
  video_stream->sample_aspect_ratio = c.sample_aspect_ratio;
  nominal = v.fps.value() > 0
                ? std::max<int64_t>(1, std::llround(1.0 / (v.fps.value() * v.time_base.value())))
                : 1;
  if (v.rotation != 0) {
    auto* matrix = reinterpret_cast<int32_t*>(
        av_stream_new_side_data(video_stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t)));
    av_display_rotation_set(matrix, v.rotation);
  }
}

/// Hands a picture (or the end) to the encoder and its finished packets to the container.
void VideoWriter::State::send(const AVFrame* frame) {
  muxer.check(avcodec_send_frame(video.get(), frame), "encode");
  while (true) {
    const int got = avcodec_receive_packet(video.get(), packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    muxer.check(got, "encode");
    const auto it = durations.find(packet->pts);
    packet->duration = it != durations.end() ? it->second : nominal;
    if (it != durations.end()) durations.erase(it);
    muxer.write(*packet, *video_stream, video->time_base);
  }
}

void check_container(const std::string& path) { container_of(path); }

VideoWriter::VideoWriter(const std::string& path, const MediaInfo& source,
                         const WriterOptions& options)
    : state_(std::make_unique<State>(path, container_of(path), options.overwrite)) {
  Muxer& muxer = state_->muxer;
  state_->open_video(source, options);
  if (source.audio)
    state_->sound.emplace(muxer, sound_encoder(*muxer.context().oformat, ""), *source.audio,
                          sound_bit_rate(source.audio->bit_rate, source.audio->channels));
  muxer.copy_tags(*open_input(source.path));
  muxer.start();
}

VideoWriter::~VideoWriter() = default;

int64_t VideoWriter::audio_rate() const { return state_->sound ? state_->sound->rate() : 0; }

void VideoWriter::write_video(const VideoFrame& frame) {
  State& s = *state_;
  FramePtr copy(av_frame_clone(frame.native()));
  if (copy->format != s.video->pix_fmt) {
    if (!s.convert)
      s.convert.reset(sws_getContext(
          copy->width, copy->height, static_cast<AVPixelFormat>(copy->format), s.video->width,
          s.video->height, s.video->pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
    FramePtr converted(av_frame_alloc());
    converted->format = s.video->pix_fmt;
    converted->width = s.video->width;
    converted->height = s.video->height;
    if (!s.convert || av_frame_get_buffer(converted.get(), 0) < 0)
      fail(Code::kUnsupportedKind, "pixel format {} is not supported",
           av_get_pix_fmt_name(static_cast<AVPixelFormat>(copy->format)));
    av_frame_copy_props(converted.get(), copy.get());
    sws_scale(s.convert.get(), copy->data, copy->linesize, 0, copy->height, converted->data,
              converted->linesize);
    copy = std::move(converted);
  }
  copy->pict_type = AV_PICTURE_TYPE_NONE;
  copy->pts = frame.pts();
  s.durations[frame.pts()] = frame.duration() > 0 ? frame.duration() : s.nominal;
  s.send(copy.get());
}

void VideoWriter::write_audio(const Pcm& mono) {
  if (state_->sound) state_->sound->write(mono.samples.data(), mono.frames(), 1);
}

void VideoWriter::close() {
  State& s = *state_;
  if (s.sound) s.sound->finish();
  s.send(nullptr);
  s.muxer.close();
}

}  // namespace vl::media
