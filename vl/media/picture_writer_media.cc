#include <cstring>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/media/av_handles.h"
#include "vl/media/picture_writer.h"

namespace vl::media {

void write_png(const std::string& path, const Image& image) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) fail(Code::kUnsupportedKind, "FFmpeg of this machine has no PNG encoder");
  const CodecContext encoder(avcodec_alloc_context3(codec));
  encoder->width = image.width;
  encoder->height = image.height;
  encoder->pix_fmt = image.channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
  encoder->time_base = {1, 1};
  const FramePtr frame(av_frame_alloc());
  frame->format = encoder->pix_fmt;
  frame->width = image.width;
  frame->height = image.height;
  const PacketPtr packet(av_packet_alloc());
  if (avcodec_open2(encoder.get(), codec, nullptr) < 0 || av_frame_get_buffer(frame.get(), 0) < 0)
    fail(Code::kNotWritable, "a picture of {} x {} cannot be written as PNG", image.width,
         image.height);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* to = frame->data[0] + static_cast<ptrdiff_t>(y) * frame->linesize[0];
    const uint8_t* from = image.row(y);
    if (image.channels == 1) {
      std::memcpy(to, from, static_cast<size_t>(image.width));
      continue;
    }
    for (int x = 0; x < image.width; ++x, to += 3, from += 3)
      to[0] = from[2], to[1] = from[1], to[2] = from[0];
  }
  if (avcodec_send_frame(encoder.get(), frame.get()) < 0 ||
      avcodec_send_frame(encoder.get(), nullptr) < 0 ||
      avcodec_receive_packet(encoder.get(), packet.get()) < 0)
    fail(Code::kNotWritable, "a picture of {} x {} cannot be written as PNG", image.width,
         image.height);
  write_file_atomic(
      path, {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)});
}

}  // namespace vl::media
