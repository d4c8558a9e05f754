#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "vl/media/av_handles.h"
#include "vl/media/video_reader.h"

namespace vl::test {

using media::AudioInfo;
using media::MediaInfo;
using media::Ratio;
using media::VideoFrame;
using media::VideoInfo;

struct ClipSpec {
  int width = 96, height = 64, frames = 40;
  Ratio fps{25, 1}, time_base{1, 12800};
  std::string pix_fmt = "yuv420p", codec = "h264";
  int rotation = 0;
  bool sound = true;
  std::vector<int64_t> pts = {};
};

inline MediaInfo info_of(const ClipSpec& s, const std::string& source) {
  MediaInfo m{.path = source, .container = "mp4"};
  m.video = VideoInfo{.codec = s.codec,
                      .pix_fmt = s.pix_fmt,
                      .range = "tv",
                      .primaries = "bt709",
                      .transfer = "bt709",
                      .matrix = "bt709",
                      .width = s.width,
                      .height = s.height,
                      .rotation = s.rotation,
                      .fps = s.fps,
                      .time_base = s.time_base};
  if (s.sound)
    m.audio = AudioInfo{.codec = "aac", .layout = "stereo", .rate = 44100, .channels = 2};
  return m;
}

/// A gradient that moves and a changing block.
inline VideoFrame pattern(const ClipSpec& s, int index) {
  AVFrame* f = av_frame_alloc();
  f->format = av_get_pix_fmt(s.pix_fmt.c_str());
  f->width = s.width;
  f->height = s.height;
  f->color_range = AVCOL_RANGE_MPEG;
  f->colorspace = AVCOL_SPC_BT709;
  av_frame_get_buffer(f, 0);
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f->format));
  const bool deep = d->comp[0].depth > 8;
  for (int p = 0; p < 3; ++p) {
    const int w = p == 0 ? s.width : -(-s.width >> d->log2_chroma_w),
              h = p == 0 ? s.height : -(-s.height >> d->log2_chroma_h);
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        const int v = p == 0 ? 40 + (x + 2 * y + 3 * index) % 160 : 96 + (x + p * y + index) % 64;
        if (deep)
          reinterpret_cast<uint16_t*>(f->data[p] + y * f->linesize[p])[x] =
              static_cast<uint16_t>(v * 4);
        else
          f->data[p][y * f->linesize[p] + x] = static_cast<uint8_t>(v);
      }
  }
  const double step = 1.0 / (s.fps.value() * s.time_base.value());
  f->pts = s.pts.empty() ? std::llround(index * step) : s.pts[static_cast<size_t>(index)];
  f->pkt_duration = std::llround(step);
  return {std::shared_ptr<AVFrame>(f, [](AVFrame* x) { av_frame_free(&x); }), index, s.rotation,
          static_cast<double>(f->pts) * s.time_base.value()};
}

/// The samples of all three planes.
inline bool planes_equal(const AVFrame& a, const AVFrame& b) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(a.format));
  if (a.format != b.format || a.width != b.width || a.height != b.height) return false;
  const int bytes = d->comp[0].depth > 8 ? 2 : 1;
  for (int p = 0; p < 3; ++p) {
    const int w = p == 0 ? a.width : -(-a.width >> d->log2_chroma_w),
              h = p == 0 ? a.height : -(-a.height >> d->log2_chroma_h);
    for (int y = 0; y < h; ++y)
      if (std::memcmp(a.data[p] + y * a.linesize[p], b.data[p] + y * b.linesize[p],
                      static_cast<size_t>(w * bytes)) != 0)
        return false;
  }
  return true;
}

/// Runs the ffmpeg program: "-f lavfi -i testsrc2 out.mp4". False where there is none.
inline bool ffmpeg(const std::string& arguments) {
  if (std::system("command -v ffmpeg > /dev/null 2>&1") != 0) return false;
  EXPECT_EQ(std::system(("ffmpeg -nostdin -v error -y " + arguments).c_str()), 0) << arguments;
  return true;
}

/// A number for the samples of a picture.
inline uint64_t fingerprint(const AVFrame& f) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f.format));
  uint64_t sum = 1469598103934665603ULL;
  for (int p = 0; p < 4 && f.data[p] != nullptr; ++p) {
    const int h = p == 1 || p == 2 ? -(-f.height >> d->log2_chroma_h) : f.height;
    const int bytes = av_image_get_linesize(static_cast<AVPixelFormat>(f.format), f.width, p);
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < bytes; ++x)
        sum = (sum ^ f.data[p][y * f.linesize[p] + x]) * 1099511628211ULL;
  }
  return sum;
}

}  // namespace vl::test
