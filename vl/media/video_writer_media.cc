#include "vl/media/video_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/media/av_handles.h"

namespace vl::media {

namespace {

constexpr int64_t kBitsPerChannel = 96000, kMostBitsPerChannel = 256000;
constexpr double kKeySeconds = 2.0;

struct FreeOutput {
  void operator()(AVFormatContext* c) const {
    if (c->pb != nullptr) avio_closep(&c->pb);
    avformat_free_context(c);
  }
};

const char* container_of(const std::string& path) {
  static const std::map<std::string, const char*> kKnown = {
      {".mp4", "mp4"}, {".m4v", "mp4"}, {".mov", "mov"}, {".mkv", "matroska"}, {".webm", "webm"}};
  const size_t dot = path.rfind('.');
  std::string ext = dot == std::string::npos ? "" : path.substr(dot);
  std::transform(ext.begin(), ext.end(), ext.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto it = kKnown.find(ext);
  if (it == kKnown.end())
    throw Error(Code::kBadValue,
                fmt::format("the name {} does not end in .mp4, .mov, .mkv or .webm", path),
                Where{.file = path});
  return it->second;
}

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

int nearest_rate(const AVCodec& codec, int64_t rate) {
  if (codec.supported_samplerates == nullptr) return static_cast<int>(rate);
  int best = codec.supported_samplerates[0];
  for (const int* r = codec.supported_samplerates; *r != 0; ++r)
    if (std::llabs(*r - rate) < std::llabs(best - rate)) best = *r;
  return best;
}

}  // namespace

struct VideoWriter::State {
  State(const std::string& target, bool overwrite) : path(target), file(target, overwrite) {}

  std::string path;
  AtomicFile file;
  std::unique_ptr<AVFormatContext, FreeOutput> output;
  CodecContext video, audio;
  AVStream *video_stream = nullptr, *audio_stream = nullptr;
  SwsPtr convert;
  PacketPtr packet{av_packet_alloc()};
  std::map<int64_t, int64_t> durations;  ///< pts of pictures in the encoder -> their duration
  std::vector<float> pending;            ///< mono samples, from `taken` on not encoded yet
  size_t taken = 0;
  int64_t samples_sent = 0, nominal = 0;
  bool edit_lists = false;  ///< mp4, mov

  void check(int result, const char* what);
  void open_video(const MediaInfo& source, const WriterOptions& options);
  void open_audio(const MediaInfo& source);
  void start(const MediaInfo& source);
  void send(AVCodecContext& encoder, AVStream& stream, const AVFrame* frame);
  void encode_audio(size_t count);
};

void VideoWriter::State::check(int result, const char* what) {
  const int error = result < 0 ? result : output && output->pb != nullptr ? output->pb->error : 0;
  if (error >= 0) return;
  const uint64_t written = output && output->pb != nullptr
                               ? static_cast<uint64_t>(std::max<int64_t>(0, avio_tell(output->pb)))
                               : 0;
  if (error == AVERROR(ENOSPC) || error == AVERROR(EDQUOT))
    throw Error(Code::kDiskFull, fmt::format("disk full at {} MiB", written >> 20),
                Where{.file = path}, {"free some space, or choose another folder with --out"});
  throw Error(Code::kNotWritable,
              fmt::format("cannot write {}: {} ({})", path, av_text(error), what),
              Where{.file = path});
}

void VideoWriter::State::open_video(const MediaInfo& source, const WriterOptions& o) {
  const VideoInfo& v = *source.video;
  const AVCodec* codec = choose_video(o.video_codec, v.codec, *output->oformat);
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
  if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
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
  video_stream = avformat_new_stream(output.get(), nullptr);
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

void VideoWriter::State::open_audio(const MediaInfo& source) {
  const AudioInfo& a = *source.audio;
  const bool webm = std::strcmp(output->oformat->name, "webm") == 0;
  const AVCodec* codec =
      webm ? avcodec_find_encoder_by_name("libopus") : avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (codec == nullptr)
    fail(Code::kUnsupportedKind, "FFmpeg of this machine has no {} encoder", webm ? "Opus" : "AAC");
  audio.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *audio;
  c.sample_rate = nearest_rate(*codec, a.rate);
  c.sample_fmt = codec->sample_fmts[0];
  if (a.layout.empty() || av_channel_layout_from_string(&c.ch_layout, a.layout.c_str()) < 0 ||
      c.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
    av_channel_layout_default(&c.ch_layout, static_cast<int>(std::max<int64_t>(1, a.channels)));
  c.bit_rate = std::clamp(a.bit_rate, kBitsPerChannel * c.ch_layout.nb_channels,
                          kMostBitsPerChannel * c.ch_layout.nb_channels);
  c.time_base = {1, c.sample_rate};
  if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  int opened = avcodec_open2(audio.get(), codec, nullptr);
  if (opened < 0)
    fail(Code::kUnsupportedKind, "encoder {} does not take {} Hz {}: {}", codec->name, a.rate,
         a.layout, av_text(opened));
  audio_stream = avformat_new_stream(output.get(), nullptr);
  avcodec_parameters_from_context(audio_stream->codecpar, audio.get());
  audio_stream->time_base = c.time_base;
}

void VideoWriter::State::start(const MediaInfo& source) {
  const InputContext input = open_input(source.path);
  av_dict_copy(&output->metadata, input->metadata, 0);
  for (const char* key : {"encoder", "major_brand", "minor_version", "compatible_brands"})
    av_dict_set(&output->metadata, key, nullptr, 0);
  av_dict_set(&output->metadata, "encoder", "voxlip", 0);
  AVDictionary* options = nullptr;
  const std::string format = output->oformat->name;
  if (format == "mp4" || format == "mov") av_dict_set(&options, "movflags", "+faststart", 0);
  check(avio_open(&output->pb, ("file:" + file.part_path()).c_str(), AVIO_FLAG_WRITE), "open");
  const int result = avformat_write_header(output.get(), &options);
  av_dict_free(&options);
  check(result, "header");
}

/// Hands a frame (or the end) to an encoder and its finished packets to the container.
void VideoWriter::State::send(AVCodecContext& encoder, AVStream& stream, const AVFrame* frame) {
  check(avcodec_send_frame(&encoder, frame), "encode");
  while (true) {
    const int got = avcodec_receive_packet(&encoder, packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    check(got, "encode");
    packet->stream_index = stream.index;
    if (&encoder == video.get()) {
      const auto it = durations.find(packet->pts);
      packet->duration = it != durations.end() ? it->second : nominal;
      if (it != durations.end()) durations.erase(it);
    }
    // Only mp4 and mov can say that the encoder's first samples are padding; elsewhere they would
    // delay everything.
    const bool padding = &encoder == audio.get() && packet->pts < 0 && !edit_lists;
    if (padding) {
      av_packet_unref(packet.get());
      continue;
    }
    av_packet_rescale_ts(packet.get(), encoder.time_base, stream.time_base);
    check(av_interleaved_write_frame(output.get(), packet.get()), "write");
  }
}

/// Encodes the first `count` pending samples as one frame.
void VideoWriter::State::encode_audio(size_t count) {
  FramePtr frame(av_frame_alloc());
  frame->nb_samples = static_cast<int>(count);
  frame->format = audio->sample_fmt;
  frame->sample_rate = audio->sample_rate;
  av_channel_layout_copy(&frame->ch_layout, &audio->ch_layout);
  frame->pts = samples_sent;
  if (av_frame_get_buffer(frame.get(), 0) < 0)
    fail(Code::kHostMemory, "no memory for a sound frame");
  const bool planar = av_sample_fmt_is_planar(audio->sample_fmt) != 0;
  const int channels = audio->ch_layout.nb_channels;
  const int centre = av_channel_layout_index_from_channel(&audio->ch_layout, AV_CHAN_FRONT_CENTER);
  const int left = av_channel_layout_index_from_channel(&audio->ch_layout, AV_CHAN_FRONT_LEFT);
  for (int c = 0; c < channels; ++c) {
    const AVChannel channel =
        av_channel_layout_channel_from_index(&audio->ch_layout, static_cast<unsigned>(c));
    // Layouts with a centre speak from there; without one, left and right carry the same.
    const bool speaks = channels == 1 || (centre >= 0 ? c == centre
                                                      : left < 0 || channel == AV_CHAN_FRONT_LEFT ||
                                                            channel == AV_CHAN_FRONT_RIGHT);
    for (size_t i = 0; i < count; ++i) {
      const float v = speaks ? pending[taken + i] : 0.0F;
      const size_t at = planar ? i : i * static_cast<size_t>(channels) + static_cast<size_t>(c);
      uint8_t* plane = planar ? frame->extended_data[c] : frame->extended_data[0];
      if (audio->sample_fmt == AV_SAMPLE_FMT_S16 || audio->sample_fmt == AV_SAMPLE_FMT_S16P)
        reinterpret_cast<int16_t*>(plane)[at] =
            static_cast<int16_t>(std::clamp(std::nearbyint(v * 32768.0F), -32768.0F, 32767.0F));
      else
        reinterpret_cast<float*>(plane)[at] = v;
    }
  }
  taken += count;
  samples_sent += static_cast<int64_t>(count);
  send(*audio, *audio_stream, frame.get());
}

void check_container(const std::string& path) { container_of(path); }

VideoWriter::VideoWriter(const std::string& path, const MediaInfo& source,
                         const WriterOptions& options) {
  av_log_set_level(AV_LOG_QUIET);
  const char* format = container_of(path);
  state_ = std::make_unique<State>(path, options.overwrite);
  AVFormatContext* raw = nullptr;
  state_->check(avformat_alloc_output_context2(&raw, nullptr, format,
                                               ("file:" + state_->file.part_path()).c_str()),
                "container");
  state_->output.reset(raw);
  state_->edit_lists = std::strcmp(format, "mp4") == 0 || std::strcmp(format, "mov") == 0;
  state_->open_video(source, options);
  if (source.audio) state_->open_audio(source);
  state_->start(source);
}

VideoWriter::~VideoWriter() = default;

int64_t VideoWriter::audio_rate() const { return state_->audio ? state_->audio->sample_rate : 0; }

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
  s.send(*s.video, *s.video_stream, copy.get());
}

void VideoWriter::write_audio(const Pcm& mono) {
  State& s = *state_;
  if (!s.audio) return;
  s.pending.insert(s.pending.end(), mono.samples.begin(), mono.samples.end());
  const auto size = static_cast<size_t>(s.audio->frame_size > 0 ? s.audio->frame_size : 1024);
  while (s.pending.size() - s.taken >= size) s.encode_audio(size);
  s.pending.erase(s.pending.begin(), s.pending.begin() + static_cast<std::ptrdiff_t>(s.taken));
  s.taken = 0;
}

void VideoWriter::close() {
  State& s = *state_;
  if (s.audio) {
    if (!s.pending.empty()) s.encode_audio(s.pending.size());
    s.send(*s.audio, *s.audio_stream, nullptr);
  }
  s.send(*s.video, *s.video_stream, nullptr);
  s.check(av_write_trailer(s.output.get()), "trailer");
  s.check(avio_closep(&s.output->pb), "close");
  s.file.commit();
}

}  // namespace vl::media
