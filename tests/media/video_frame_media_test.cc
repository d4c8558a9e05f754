#include "vl/media/video_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include <nlohmann/json.hpp>

#include "tests/media/clips.h"
#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/media/pixels.h"

namespace vl::media {
namespace {

using test::code_of;

/// A soft picture with grain, the same for the same size.
Image scene(int width, int height, uint32_t seed = 7) {
  Image out(width, height);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        out.row(y)[3 * x + c] = static_cast<uint8_t>(
            128 + 90 * std::sin(0.05 * (x + c * 20)) * std::cos(0.07 * (y - c * 9)) +
            static_cast<double>(random() % 24));
  return out;
}

VideoInfo format_of(const std::string& pix_fmt, int width, int height, int rotation = 0) {
  return {.pix_fmt = pix_fmt,
          .range = "tv",
          .primaries = "bt709",
          .transfer = "bt709",
          .matrix = "bt709",
          .width = width,
          .height = height,
          .rotation = rotation,
          .fps = {25, 1},
          .time_base = {1, 1000}};
}

VideoFrame frame_of(const std::string& pix_fmt, int width, int height, int rotation = 0) {
  const bool turned = rotation % 180 != 0;
  return VideoFrame::from_bgr(scene(turned ? height : width, turned ? width : height),
                              format_of(pix_fmt, width, height, rotation), 40, 40, 1);
}

/// Where the two differ: samples of components other than alpha that `inner` does not touch, and
/// alpha anywhere.
int64_t changed_outside(const AVFrame& a, const AVFrame& b, const Rect& inner) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(a.format));
  int64_t changed = 0;
  for (int c = 0; c < d->nb_components; ++c) {
    const AVComponentDescriptor& comp = d->comp[c];
    const bool chroma =
        d->nb_components > 2 && (c == 1 || c == 2) && (d->flags & AV_PIX_FMT_FLAG_RGB) == 0;
    const bool alpha = (d->flags & AV_PIX_FMT_FLAG_ALPHA) != 0 && c == d->nb_components - 1;
    const int sx = chroma ? d->log2_chroma_w : 0, sy = chroma ? d->log2_chroma_h : 0;
    const auto bytes = static_cast<size_t>((comp.depth + comp.shift + 7) / 8);
    for (int y = 0; y < -(-a.height >> sy); ++y)
      for (int x = 0; x < -(-a.width >> sx); ++x) {
        const bool inside = x >= inner.x1 >> sx && x < -(-inner.x2 >> sx) && y >= inner.y1 >> sy &&
                            y < -(-inner.y2 >> sy);
        if (inside && !alpha) continue;
        const ptrdiff_t at = x * comp.step + comp.offset;
        changed += std::memcmp(a.data[comp.plane] + y * a.linesize[comp.plane] + at,
                               b.data[comp.plane] + y * b.linesize[comp.plane] + at, bytes) != 0;
      }
  }
  return changed;
}

const char* const kFormats[] = {
    "yuv420p",  "yuv422p",  "yuv444p", "yuv420p10le", "yuva420p", "yuv411p",    "yuv410p",
    "nv12",     "p010le",   "gray",    "gray10le",    "rgb24",    "rgba",       "gbrp",
    "gbrap",    "yuyv422",  "uyvy422", "yuvj420p",    "bgr24",    "ya8",        "yuv422p10le",
    "yuva444p", "rgb565le", "argb",    "nv21",        "yuv440p",  "yuv420p16le"};

TEST(Frames, APartIsThatPartOfTheWhole) {
  std::mt19937 random(3);
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<uint32_t>(n));
  };
  for (const char* format : kFormats)
    for (const auto& [width, height] : {std::pair{322, 210}, {853, 479}, {131, 65}, {40, 30}})
      for (const int rotation : {0, 90, 180, 270}) {
        const VideoFrame frame = frame_of(format, width, height, rotation);
        const Image whole = frame.to_bgr();
        std::vector<Rect> rects = {{0, 0, whole.width, whole.height},
                                   {whole.width - 1, whole.height - 1, whole.width, whole.height},
                                   {0, 0, 1, 1}};
        for (int i = 0; i < 12; ++i) {
          const int x = below(whole.width), y = below(whole.height);
          rects.push_back({x, y, x + 1 + below(whole.width - x), y + 1 + below(whole.height - y)});
        }
        for (const Rect& r : rects)
          ASSERT_TRUE(frame.to_bgr(r).data == crop(whole, r).data)
              << format << " " << width << "x" << height << " turned " << rotation << ": " << r.x1
              << "," << r.y1 << " " << r.x2 << "," << r.y2;
      }
  const VideoFrame frame = frame_of("yuv420p", 40, 30);
  for (const Rect& r : {Rect{-1, 0, 5, 5}, Rect{0, 0, 41, 5}, Rect{5, 5, 5, 9}})
    EXPECT_EQ(code_of([&] { frame.to_bgr(r); }), Code::kBoxOutside);
}

TEST(Frames, WritingAPartLeavesAllOtherSamples) {
  for (const char* format : kFormats)
    for (const auto& [width, height] : {std::pair{96, 64}, {213, 119}, {33, 27}})
      for (const int rotation : {0, 90, 180, 270})
        for (const Rect r : {Rect{8, 12, 24, 26}, Rect{7, 11, 22, 25}, Rect{0, 0, 9, 5}}) {
          VideoFrame frame = frame_of(format, width, height, rotation);
          const VideoFrame before = frame;
          Image patch(r.width(), r.height());
          for (size_t i = 0; i < patch.data.size(); ++i)
            patch.data[i] = static_cast<uint8_t>(i % 3 == 2 ? 200 : 60);
          frame.write_bgr_region(r, patch);
          const int w = before.native()->width, h = before.native()->height;
          const Rect coded = rotation == 0     ? r
                             : rotation == 90  ? Rect{r.y1, h - r.x2, r.y2, h - r.x1}
                             : rotation == 180 ? Rect{w - r.x2, h - r.y2, w - r.x1, h - r.y1}
                                               : Rect{w - r.y2, r.x1, w - r.y1, r.x2};
          ASSERT_EQ(changed_outside(*before.native(), *frame.native(), coded), 0)
              << format << width << " " << rotation;
          const std::string name = format;
          const bool grey = name.find("gray") == 0 || name == "ya8";
          if (r.x1 == 0) continue;
          const Image after = frame.to_bgr(
              {(r.x1 + r.x2) / 2 - 1, (r.y1 + r.y2) / 2 - 1, (r.x1 + r.x2) / 2, (r.y1 + r.y2) / 2});
          for (int c = 0; c < 3; ++c)
            EXPECT_NEAR(after.data[static_cast<size_t>(c)],
                        grey     ? 90
                        : c == 2 ? 200
                                 : 60,
                        9)
                << format << width << " " << rotation;
        }
}

TEST(Frames, AlphaOfTheSourceStays) {
  for (const char* format : {"rgba", "yuva420p", "ya8", "gbrap"}) {
    VideoFrame frame = frame_of(format, 64, 48);
    AVFrame& f = *frame.native();
    const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f.format));
    const AVComponentDescriptor& alpha = d->comp[d->nb_components - 1];
    const auto at = [&](const AVFrame& g, int x, int y) -> uint8_t& {
      return g.data[alpha.plane][y * g.linesize[alpha.plane] + x * alpha.step + alpha.offset];
    };
    for (int y = 0; y < 48; ++y)
      for (int x = 0; x < 64; ++x) at(f, x, y) = static_cast<uint8_t>(3 * x + y);
    frame.write_bgr_region({10, 10, 30, 30}, Image(20, 20));
    for (int y = 0; y < 48; ++y)
      for (int x = 0; x < 64; ++x)
        ASSERT_EQ(at(*frame.native(), x, y), static_cast<uint8_t>(3 * x + y)) << format;
  }
}

TEST(Frames, PalettesBecomePlain) {
  FramePtr f = new_picture(AV_PIX_FMT_PAL8, 40, 30);
  for (int i = 0; i < 256; ++i)
    reinterpret_cast<uint32_t*>(f->data[1])[i] = 0xFF000000U | static_cast<uint32_t>(i * 0x010203);
  for (int y = 0; y < 30; ++y)
    for (int x = 0; x < 40; ++x) f->data[0][y * f->linesize[0] + x] = static_cast<uint8_t>(x + y);
  std::shared_ptr<AVFrame> shared(f.release(), [](AVFrame* g) { av_frame_free(&g); });
  VideoFrame frame(shared, 0, 90, 0.0);
  const Image before = frame.to_bgr();
  EXPECT_EQ(frame.to_bgr({3, 4, 9, 8}).data, crop(before, {3, 4, 9, 8}).data);
  Image patch(10, 10);
  std::fill(patch.data.begin(), patch.data.end(), uint8_t{9});
  frame.write_bgr_region({5, 6, 15, 16}, patch);
  Image want = before;
  for (int y = 6; y < 16; ++y)
    for (int x = 15; x < 45; ++x) want.row(y)[x] = 9;
  EXPECT_EQ(frame.to_bgr().data, want.data);
}

TEST(Frames, MadeFromPixelsAndBack) {
  for (const char* format : kFormats)
    for (const auto& [width, height] : {std::pair{96, 64}, {53, 49}})
      for (const int rotation : {0, 90}) {
        const std::string name = format;
        if (name.find("gray") == 0 || name == "ya8") continue;
        const bool turned = rotation != 0;
        Image image(turned ? height : width, turned ? width : height);
        for (int y = 0; y < image.height; ++y)  // slow in colour, so that chroma samples hold it
          for (int x = 0; x < image.width; ++x)
            for (int c = 0; c < 3; ++c)
              image.row(y)[3 * x + c] = static_cast<uint8_t>(60 + 20 * c + x + y / 2);
        const VideoFrame f =
            VideoFrame::from_bgr(image, format_of(format, width, height, rotation), 1234, 40, 5);
        EXPECT_STREQ(av_get_pix_fmt_name(static_cast<AVPixelFormat>(f.native()->format)), format);
        EXPECT_EQ(f.width(), image.width);
        EXPECT_EQ(f.native()->width, width);
        EXPECT_EQ(f.pts(), 1234);
        EXPECT_EQ(f.duration(), 40);
        EXPECT_EQ(f.index(), 5);
        EXPECT_NEAR(f.time_s(), 1.234, 1e-9);
        const Image back = f.to_bgr();
        int worst = 0;
        for (size_t i = 0; i < back.data.size(); ++i)
          worst = std::max(worst, std::abs(back.data[i] - image.data[i]));
        EXPECT_LE(worst, name == "rgb565le" ? 12 : 6) << format << width << " " << rotation;
      }
  const VideoFrame plain = VideoFrame::from_bgr(scene(32, 20), {.pix_fmt = "pal8"}, 0, 1, 0);
  EXPECT_EQ(plain.native()->format, AV_PIX_FMT_YUV420P);
  EXPECT_EQ(code_of([] { VideoFrame::from_bgr(Image(), {}, 0, 1, 0); }), Code::kBadValue);
}

TEST(Frames, AnotherTimeForTheSamePixels) {
  const VideoFrame a = frame_of("yuv420p", 64, 48, 90), b = a.with_time(5000, 20);
  EXPECT_EQ(b.pts(), 5000);
  EXPECT_EQ(b.duration(), 20);
  EXPECT_NEAR(b.time_s(), 5.0, 1e-9);
  EXPECT_EQ(a.pts(), 40);
  EXPECT_EQ(a.native()->data[0], b.native()->data[0]);
  EXPECT_EQ(b.width(), 48);
}

TEST(Frames, ShrunkPixelsAreMeans) {
  for (const char* format : {"yuv420p", "yuv420p10le", "rgb24", "nv12", "yuvj420p", "gray"})
    for (const int rotation : {0, 90, 180, 270}) {
      const VideoFrame frame = frame_of(format, 320, 240, rotation);
      const Image whole = frame.to_bgr(),
                  small = frame.shrunk(frame.width() / 4, frame.height() / 4);
      ASSERT_EQ(small.width, frame.width() / 4);
      double colour_error = 0;
      for (int y = 0; y < small.height; ++y)
        for (int x = 0; x < small.width; ++x) {
          double mean[3] = {};
          for (int k = 0; k < 16; ++k)
            for (int c = 0; c < 3; ++c)
              mean[c] += whole.row(4 * y + k / 4)[3 * (4 * x + k % 4) + c] / 16.0;
          for (int c = 0; c < 3; ++c)
            colour_error = std::max(colour_error, std::fabs(small.row(y)[3 * x + c] - mean[c]));
        }
      EXPECT_LE(colour_error, 5.0) << format << rotation;
    }
  const VideoFrame frame = frame_of("yuv420p", 64, 48);
  EXPECT_EQ(frame.shrunk(128, 96).width, 128);
  EXPECT_EQ(code_of([&] { frame.shrunk(0, 4); }), Code::kBadValue);
  EXPECT_EQ(code_of([&] { frame.shrunk(4, -1); }), Code::kBadValue);
}

TEST(Frames, ReferencePixelsOfOddAndTurnedPictures) {
  for (const auto& [width, height] : {std::pair{64, 48}, {53, 49}, {853, 479}})
    for (const int rotation : {0, 90, 180, 270}) {
      const VideoFrame f = frame_of("yuv420p", width, height, rotation);
      const Image got = f.to_bgr_reference();
      ASSERT_EQ(got.width, f.width());
      ASSERT_EQ(got.height, f.height());
      // Chroma is taken from the nearest sample: flat colours are the same as in to_bgr().
      Image flat(f.width(), f.height());
      std::fill(flat.data.begin(), flat.data.end(), uint8_t{100});
      VideoInfo format = format_of("yuv420p", width, height, rotation);
      format.matrix = "smpte170m";
      const VideoFrame grey = VideoFrame::from_bgr(flat, format, 0, 1, 0);
      for (const uint8_t x : grey.to_bgr_reference().data) ASSERT_NEAR(x, 100, 2);
    }
}

/// The stored bytes of a uint8 tensor.
std::vector<uint8_t> stored(const std::string& file, const std::string& key) {
  std::ifstream in(test::data(file), std::ios::binary);
  uint64_t size = 0;
  in.read(reinterpret_cast<char*>(&size), 8);
  std::string header(size, ' ');
  in.read(header.data(), static_cast<std::streamsize>(size));
  const auto place = nlohmann::json::parse(header).at(key).at("data_offsets");
  std::vector<uint8_t> out(place[1].get<size_t>() - place[0].get<size_t>());
  in.seekg(static_cast<std::streamoff>(8 + size + place[0].get<size_t>()));
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return out;
}

TEST(Frames, ReferencePixelsAreThoseOfOpenCv) {
  const struct {
    const char *clip, *key;
    std::vector<int64_t> frames;
    int factor;
  } rows[] = {{"assets/face/talk3.mp4", "input:s3fd.a.frames_bgr_u8", {0, 12}, 2},
              {"assets/face/portrait_1080p_hevc.mp4", "input:s3fd.b.frames_bgr_u8", {4}, 6}};
  for (const auto& row : rows) {
    const auto path = test::shared(row.clip);
    if (path.empty())
      GTEST_SKIP() << row.clip
                   << " is not at hand: it shows a real person and is not in the repository";
    const auto want = stored("parity/wav2lip/golden_s3fd.safetensors", row.key);
    VideoReader reader(path.string(), {.threads = 1});
    size_t at = 0;
    for (const int64_t index : row.frames) {
      auto frame = reader.next();
      while (frame && frame->index() < index) frame = reader.next();
      ASSERT_TRUE(frame);
      const Image got = resize(frame->to_bgr_reference(), frame->width() / row.factor,
                               frame->height() / row.factor);
      ASSERT_LE(at + got.data.size(), want.size());
      int worst = 0;
      size_t other = 0;
      for (size_t i = 0; i < got.data.size(); ++i) {
        worst = std::max(worst, std::abs(got.data[i] - want[at + i]));
        other += got.data[i] != want[at + i];
      }
      at += got.data.size();
      EXPECT_EQ(worst, 0) << row.clip << " frame " << index << ": " << other << " bytes of "
                          << got.data.size() << " differ";
    }
  }
}

}  // namespace
}  // namespace vl::media
