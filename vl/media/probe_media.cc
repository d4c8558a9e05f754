#include <algorithm>
#include <cstring>
#include <sstream>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"
#include "vl/media/probe.h"

namespace vl::media {

namespace {

constexpr double kMaxSeconds = 4 * 3600.0, kMaxFps = 120.0;
constexpr int kMaxLong = 3840, kMaxShort = 2160;
constexpr unsigned kMaxStreams = 32;

std::string name_or(const char* name, const char* otherwise) {
  return name != nullptr ? name : otherwise;
}

VideoInfo video_info(const AVFormatContext& input, const AVStream& s) {
  const AVCodecParameters& p = *s.codecpar;
  VideoInfo v;
  v.stream = s.index;
  v.codec = avcodec_get_name(p.codec_id);
  v.pix_fmt = name_or(av_get_pix_fmt_name(static_cast<AVPixelFormat>(p.format)), "unknown");
  v.range = name_or(av_color_range_name(p.color_range), "unknown");
  v.primaries = name_or(av_color_primaries_name(p.color_primaries), "unknown");
  v.transfer = name_or(av_color_transfer_name(p.color_trc), "unknown");
  v.matrix = name_or(av_color_space_name(p.color_space), "unknown");
  v.chroma_location = name_or(av_chroma_location_name(p.chroma_location), "unspecified");
  v.width = p.width;
  v.height = p.height;
  v.rotation = rotation_of(s);
  const AVRational fps = s.avg_frame_rate.num > 0 ? s.avg_frame_rate : s.r_frame_rate;
  v.fps = {fps.num, std::max(fps.den, 1)};
  v.time_base = {s.time_base.num, s.time_base.den};
  const AVRational sar = av_guess_sample_aspect_ratio(const_cast<AVFormatContext*>(&input),
                                                      const_cast<AVStream*>(&s), nullptr);
  if (sar.num > 0 && sar.den > 0) v.sar = {sar.num, sar.den};
  // Only the tables of MP4 and QuickTime count pictures; AVI's count depends on its time base.
  if (std::strstr(input.iformat->name, "mp4") != nullptr) v.frames = s.nb_frames;
  v.vfr = std::strcmp(input.iformat->name, "avi") != 0 && s.avg_frame_rate.num > 0 &&
          s.r_frame_rate.num > 0 &&
          std::abs(av_q2d(s.r_frame_rate) / av_q2d(s.avg_frame_rate) - 1.0) > 0.002;
  v.interlaced = p.field_order == AV_FIELD_TT || p.field_order == AV_FIELD_BB ||
                 p.field_order == AV_FIELD_TB || p.field_order == AV_FIELD_BT;
  v.start_s = s.start_time != AV_NOPTS_VALUE
                  ? static_cast<double>(s.start_time) * av_q2d(s.time_base)
                  : 0.0;
  return v;
}

AudioInfo audio_info(const AVStream& s) {
  const AVCodecParameters& p = *s.codecpar;
  AudioInfo a;
  a.stream = s.index;
  a.codec = avcodec_get_name(p.codec_id);
  char layout[128] = {};
  if (av_channel_layout_describe(&p.ch_layout, layout, sizeof(layout)) > 0) a.layout = layout;
  a.rate = p.sample_rate;
  a.channels = p.ch_layout.nb_channels;
  a.bit_rate = p.bit_rate;
  return a;
}

void check_limits(const MediaInfo& m, unsigned streams, SoundLength length) {
  const auto over = [&](const std::string& what) {
    throw Error(Code::kOverLimit, m.path + " " + what, Where{.file = m.path});
  };
  if (streams > kMaxStreams) over(fmt::format("has {} streams, limit {}", streams, kMaxStreams));
  const bool limited = m.video || length == SoundLength::kLimited;
  if (limited && m.seconds > kMaxSeconds)
    over(fmt::format("is {:.1f} h long, limit 4 h", m.seconds / 3600));
  if (!m.video) return;
  const int large = std::max(m.video->width, m.video->height),
            small = std::min(m.video->width, m.video->height);
  if (large > kMaxLong || small > kMaxShort)
    over(fmt::format("is {} x {}, over {} x {}", m.video->width, m.video->height, kMaxLong,
                     kMaxShort));
  if (m.video->fps.value() > kMaxFps)
    over(fmt::format("has {:.0f} frames a second, limit {:.0f}", m.video->fps.value(), kMaxFps));
}

/// FFmpeg names a demuxer by all that it reads ("mov,mp4,m4a"): the one that the file's name says,
/// else the first.
std::string container_name(const std::string& demuxer, const std::string& path) {
  const std::string ending = path.substr(path.rfind('.') + 1);
  std::istringstream names(demuxer);
  std::string first, name;
  while (std::getline(names, name, ',')) {
    if (name == ending) return name;
    if (first.empty()) first = name;
  }
  return first;
}

}  // namespace

MediaInfo describe_input(AVFormatContext& input, const std::string& path, SoundLength length) {
  MediaInfo m{.path = path, .container = container_name(input.iformat->name, path)};
  m.seconds =
      input.duration != AV_NOPTS_VALUE ? static_cast<double>(input.duration) / AV_TIME_BASE : 0.0;
  const int v = av_find_best_stream(&input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const int a = av_find_best_stream(&input, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (v >= 0 && (input.streams[v]->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0 &&
      input.streams[v]->codecpar->width > 0)
    m.video = video_info(input, *input.streams[v]);
  if (m.video) m.video->start_s -= clock_start(input);
  if (a >= 0 && input.streams[a]->codecpar->sample_rate > 0)
    m.audio = audio_info(*input.streams[a]);
  m.whole_length = input.duration != AV_NOPTS_VALUE &&
                   input.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
  m.other_streams = static_cast<int>(input.nb_streams) - (m.video ? 1 : 0) - (m.audio ? 1 : 0);
  if (!m.video && !m.audio)
    throw Error(Code::kNotDecodable, fmt::format("cannot decode {}: not a media file", path),
                Where{.file = path});
  check_limits(m, input.nb_streams, length);
  return m;
}

namespace {

/// A camera's turn lies in the picture, not in the tables of its file.
int rotation_of_picture(AVFormatContext& input, const VideoInfo& v) {
  const CodecContext decoder = open_decoder(*input.streams[v.stream], 1);
  const PacketPtr packet(av_packet_alloc());
  const FramePtr frame(av_frame_alloc());
  if (av_read_frame(&input, packet.get()) < 0) return v.rotation;
  avcodec_send_packet(decoder.get(), packet.get());
  avcodec_send_packet(decoder.get(), nullptr);
  if (avcodec_receive_frame(decoder.get(), frame.get()) < 0) return v.rotation;
  const AVFrameSideData* turned = av_frame_get_side_data(frame.get(), AV_FRAME_DATA_DISPLAYMATRIX);
  return turned == nullptr ? v.rotation : rotation_of(turned->data);
}

}  // namespace

MediaInfo probe(const std::string& path, SoundLength length) {
  const InputContext input = open_input(path);
  MediaInfo info = describe_input(*input, path, length);
  if (is_still(info)) info.video->rotation = rotation_of_picture(*input, *info.video);
  return info;
}

bool is_still(const MediaInfo& info) {
  return info.container.find("_pipe") != std::string::npos ||
         info.container.find("image2") != std::string::npos;
}

void require_video_and_audio(const MediaInfo& m) {
  const auto refuse = [&](Code code, const char* what, const char* hint) {
    throw Error(code, fmt::format("{} {}", m.path, what), Where{.file = m.path}, {hint});
  };
  if (!m.video) refuse(Code::kNoVideo, "has no video stream", "give a video");
  if (!m.audio)
    refuse(Code::kNoAudio, "has no audio stream", "a dub replaces speech: give a video with sound");
  if (m.video->interlaced) refuse(Code::kUnsupportedKind, "is interlaced", "deinterlace it first");
}

}  // namespace vl::media
