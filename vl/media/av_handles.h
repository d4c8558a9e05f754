#pragma once

// Internal to the *_media.cc files: FFmpeg's C handles with their deleters, and its errors as ours.

#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include "vl/media/probe.h"

namespace vl::media {

template <auto Free>
struct FreeByPointer {
  template <class T>
  void operator()(T* p) const {
    Free(&p);
  }
};
template <auto Free>
struct FreeByValue {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

using InputContext = std::unique_ptr<AVFormatContext, FreeByPointer<avformat_close_input>>;
using CodecContext = std::unique_ptr<AVCodecContext, FreeByPointer<avcodec_free_context>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByPointer<av_frame_free>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByPointer<av_packet_free>>;
using SwsPtr = std::unique_ptr<SwsContext, FreeByValue<sws_freeContext>>;
using SwrPtr = std::unique_ptr<SwrContext, FreeByPointer<swr_free>>;

std::string av_text(int error);

/// Opens and reads the stream table. @param name of the file in messages; empty: its path
/// @throws Error kNotFound (absent, folder, URL), kNotDecodable
InputContext open_input(const std::string& path, const std::string& name = "");
/// probe() of an open file. @param path as messages name it
MediaInfo describe_input(AVFormatContext& input, const std::string& path, SoundLength length);
/// Time 0 of the media clock, seconds on the container's own clock: containers of broadcasts, and
/// recordings all of whose streams start a second or later, begin at any time.
double clock_start(const AVFormatContext& input);
/// Time 0 of a sound stream, on that clock. The MP3 demuxer counts from the encoder's first padding
/// sample.
double sound_start(const AVFormatContext& input, const AVStream& stream);
/// A decoder for a stream. @throws Error(kUnsupportedKind) when FFmpeg has none
CodecContext open_decoder(const AVStream& stream, int threads);
/// Degrees clockwise by which a decoded picture has to be turned to stand upright: 0, 90, 180, 270.
int rotation_of(const AVStream& stream);
/// The same of a display matrix of nine values; null: 0.
int rotation_of(const uint8_t* matrix);

}  // namespace vl::media
