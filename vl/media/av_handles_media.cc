#include <cmath>
#include <cstring>
#include <filesystem>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"

namespace vl::media {

std::string av_text(int error) {
  char buffer[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, buffer, sizeof(buffer));
  return buffer;
}

InputContext open_input(const std::string& path, const std::string& shown) {
  av_log_set_level(AV_LOG_QUIET);
  const std::string& name = shown.empty() ? path : shown;
  const auto refuse = [&](Code code, const std::string& text) {
    throw Error(code, text, Where{.file = name});
  };
  if (path.find("://") != std::string::npos)
    refuse(Code::kNotFound, fmt::format("cannot read {}: URLs are not opened", name));
  if (std::filesystem::is_directory(path))
    refuse(Code::kNotFound, fmt::format("cannot read {}: is a folder", name));
  if (!std::filesystem::exists(path))
    refuse(Code::kNotFound, fmt::format("cannot read {}: no such file", name));
  if (std::filesystem::is_regular_file(path) && std::filesystem::file_size(path) == 0)
    refuse(Code::kNotDecodable, fmt::format("cannot decode {}: the file is empty", name));
  AVFormatContext* raw = nullptr;
  // "file:" keeps names with a colon from being taken for a protocol.
  const int opened = avformat_open_input(&raw, ("file:" + path).c_str(), nullptr, nullptr);
  if (opened < 0)
    refuse(opened == AVERROR(EACCES) ? Code::kNotFound : Code::kNotDecodable,
           fmt::format("cannot {} {}: {}", opened == AVERROR(EACCES) ? "read" : "decode", name,
                       opened == AVERROR_INVALIDDATA || opened == AVERROR_EOF ? "not a media file"
                                                                              : av_text(opened)));
  InputContext input(raw);
  // Plain text passes as subtitles with some demuxers; a media file has pictures or sound.
  if (avformat_find_stream_info(input.get(), nullptr) < 0 || input->nb_streams == 0)
    refuse(Code::kNotDecodable, fmt::format("cannot decode {}: not a media file", name));
  return input;
}

double clock_start(const AVFormatContext& input) {
  constexpr double kOwnClock = 1.0;
  if (input.start_time == AV_NOPTS_VALUE) return 0.0;
  const double start = static_cast<double>(input.start_time) / AV_TIME_BASE;
  const bool broadcast = (input.iformat->flags & AVFMT_TS_DISCONT) != 0;
  return start > 0 && (broadcast || start >= kOwnClock) ? start : 0.0;
}

double sound_start(const AVFormatContext& input, const AVStream& stream) {
  if (std::strcmp(input.iformat->name, "mp3") == 0 && stream.start_time != AV_NOPTS_VALUE)
    return static_cast<double>(stream.start_time) * av_q2d(stream.time_base);
  return clock_start(input);
}

CodecContext open_decoder(const AVStream& stream, int threads) {
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr)
    fail(Code::kUnsupportedKind, "codec {} is not supported",
         avcodec_get_name(stream.codecpar->codec_id));
  CodecContext context(avcodec_alloc_context3(codec));
  avcodec_parameters_to_context(context.get(), stream.codecpar);
  context->pkt_timebase = stream.time_base;
  context->thread_count = threads;
  const int opened = avcodec_open2(context.get(), codec, nullptr);
  if (opened < 0)
    fail(Code::kNotDecodable, "decoder {} does not start: {}", codec->name, av_text(opened));
  return context;
}

int rotation_of(const AVStream& stream) {
  return rotation_of(av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
}

int rotation_of(const uint8_t* matrix) {
  if (matrix == nullptr) return 0;
  const double angle = -av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (std::isnan(angle)) return 0;
  return ((static_cast<int>(std::lround(angle / 90.0)) * 90) % 360 + 360) % 360;
}

}  // namespace vl::media
