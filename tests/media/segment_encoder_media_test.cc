#include "vl/media/segment_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/media/clips.h"
#include "tests/media/containers.h"
#include "tests/support/code_of.h"
#include "vl/media/assemble.h"
#include "vl/media/packet_file.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::ClipSpec;
using test::code_of;
using test::info_of;
using test::pattern;
using test::planes_equal;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Segments : testing::Test {
  test::TempDir dir;
  std::string at(const std::string& name) { return (dir / name).string(); }

  static VideoInfo pictures(const ClipSpec& s) {
    VideoInfo v = *info_of(s, "").video;
    v.sar = {4, 3};
    v.chroma_location = "left";
    return v;
  }
  /// The pictures of a clip in packet files of `length`.
  std::vector<std::string> encode(const ClipSpec& s, const std::string& out, int length,
                                  const EncoderOptions& options = {.encoder = "software",
                                                                   .threads = 1}) {
    std::vector<std::string> paths;
    for (int first = 0; first < s.frames; first += length) {
      paths.push_back(at("segment" + std::to_string(first)));
      SegmentEncoder encoder(paths.back(), out, pictures(s), s.codec, options);
      for (int i = first; i < std::min(s.frames, first + length); ++i) encoder.write(pattern(s, i));
      encoder.close();
    }
    return paths;
  }
  Assembly assembly(const ClipSpec& s, const std::string& out, std::vector<std::string> paths) {
    return {
        .out = at(out), .overwrite = true, .segments = std::move(paths), .pictures = pictures(s)};
  }
};

TEST_F(Segments, PicturesTimesAndColoursComeBack) {
  const struct {
    const char* out;
    ClipSpec spec;
    const char* codec;
    double tolerance;
  } rows[] = {
      {"pal.mp4", {}, "h264", 1e-9},
      {"ntsc.mov", {.fps = {30000, 1001}, .time_base = {1, 30000}}, "h264", 1e-9},
      {"vfr.mp4",
       {.frames = 9, .pts = {0, 512, 700, 2000, 2512, 6000, 6001, 9000, 20000}},
       "h264",
       1e-9},
      {"late.mkv",
       {.frames = 9, .time_base = {1, 1000}, .pts = {400, 440, 480, 520, 560, 600, 700, 800, 900}},
       "h264",
       1e-9},
      {"deep.mp4", {.pix_fmt = "yuv420p10le"}, "h264", 1e-9},
      {"hevc.mp4", {.pix_fmt = "yuv420p10le", .codec = "hevc"}, "hevc", 1e-9},
      {"hevc.mkv", {.codec = "hevc"}, "hevc", 1e-3},
      {"full.mkv", {.pix_fmt = "yuv444p"}, "h264", 1e-3},
      {"vp9.webm", {.frames = 30, .rotation = 0}, "vp9", 1e-3},
      {"vp9_deep.webm", {.frames = 30, .pix_fmt = "yuv420p10le", .codec = "vp9"}, "vp9", 1e-3},
      {"turned.mp4", {.rotation = 90}, "h264", 1e-9}};
  for (const auto& row : rows) {
    const ClipSpec& s = row.spec;
    const AssemblyResult result = assemble(assembly(s, row.out, encode(s, row.out, 7)));
    EXPECT_EQ(result.pictures, s.frames) << row.out;
    EXPECT_EQ(result.video_codec, row.codec) << row.out;
    const MediaInfo m = probe(at(row.out));
    EXPECT_EQ(m.video->codec, row.codec) << row.out;
    EXPECT_EQ(m.video->pix_fmt, s.pix_fmt) << row.out;
    EXPECT_EQ(m.video->rotation, s.rotation) << row.out;
    EXPECT_EQ(m.video->matrix, "bt709") << row.out;
    EXPECT_EQ(m.video->transfer, "bt709") << row.out;
    EXPECT_EQ(m.video->primaries, "bt709") << row.out;
    EXPECT_EQ(m.video->range, "tv") << row.out;
    EXPECT_EQ(m.video->sar.num * 3, m.video->sar.den * 4) << row.out;
    EXPECT_FALSE(m.audio) << row.out;
    const auto times = test::times_of(at(row.out));
    ASSERT_EQ(times.size(), static_cast<size_t>(s.frames)) << row.out;
    for (int i = 0; i < s.frames; ++i)
      EXPECT_NEAR(times[static_cast<size_t>(i)], pattern(s, i).time_s(), row.tolerance)
          << row.out << i;
    double last = -1e9;
    for (const test::Packet& p : test::packets_of(at(row.out), 0)) {
      if (std::string(row.out).find(".m") != std::string::npos && m.container != "matroska") {
        EXPECT_GT(p.dts, last) << row.out;
      }
      EXPECT_LE(p.dts, p.pts + 1e-9) << row.out;
      last = p.dts;
    }
  }
}

TEST_F(Segments, LosslessPicturesComeBackBitForBit) {
  const ClipSpec s{.frames = 33};
  const auto paths = encode(s, "a.mp4", 10, {.encoder = "software", .crf = 0, .threads = 1});
  assemble(assembly(s, "a.mp4", paths));
  VideoReader reader(at("a.mp4"));
  for (int i = 0; i < s.frames; ++i)
    EXPECT_TRUE(planes_equal(*reader.next()->native(), *pattern(s, i).native())) << i;
  EXPECT_FALSE(reader.next());
  // A segment from the middle stands for itself.
  assemble(assembly(s, "b.mp4", {paths[2]}));
  VideoReader middle(at("b.mp4"));
  for (int i = 20; i < 30; ++i)
    EXPECT_TRUE(planes_equal(*middle.next()->native(), *pattern(s, i).native())) << i;
}

TEST_F(Segments, TheSameInputMakesTheSameBytes) {
  for (const char* codec : {"h264", "hevc", "vp9"}) {
    const ClipSpec s{.frames = 12, .codec = codec};
    const std::string first = bytes_of(encode(s, "a.mkv", 12)[0]);
    assemble(assembly(s, "a.mkv", {at("segment0")}));
    const std::string file = bytes_of(at("a.mkv"));
    EXPECT_TRUE(first == bytes_of(encode(s, "a.mkv", 12)[0])) << codec;
    assemble(assembly(s, "a.mkv", {at("segment0")}));
    EXPECT_TRUE(file == bytes_of(at("a.mkv"))) << codec;
  }
}

TEST_F(Segments, AKeyFrameEveryTwoSeconds) {
  std::vector<int64_t> slow;
  for (int i = 0; i < 60; ++i) slow.push_back(i < 20 ? i * 512 : 20 * 512 + (i - 20) * 12800);
  for (const auto& [codec, out] :
       {std::pair{"h264", "a.mp4"}, {"hevc", "a.mp4"}, {"vp9", "a.webm"}})
    for (const bool even : {true, false}) {
      ClipSpec s{.frames = 130, .codec = codec};
      if (!even) s.frames = 60, s.pts = slow;
      assemble(assembly(s, out, encode(s, out, 130)));
      double key = -10;
      for (const test::Packet& p : test::packets_of(at(out), 0)) {
        if ((p.flags & AV_PKT_FLAG_KEY) != 0) key = p.pts;
        EXPECT_LE(p.pts - key, even ? 2.0 : 3.0) << codec << even;
      }
    }
}

TEST_F(Segments, TheEncoderAndItsPixels) {
  const struct {
    const char *out, *source_codec, *source_pixels, *asked_codec, *asked_pixels;
    const char *codec, *pixels;
    bool alpha_dropped, changed;
  } rows[] = {
      {"a.mp4", "h264", "yuv420p", "auto", "source", "h264", "yuv420p", false, false},
      {"a.mp4", "h264", "yuvj420p", "auto", "source", "h264", "yuv420p", false, false},
      {"a.mp4", "prores", "yuv422p10le", "auto", "source", "h264", "yuv422p10le", false, false},
      {"a.mp4", "prores", "yuva444p10le", "auto", "source", "h264", "yuv420p10le", true, true},
      {"a.mp4", "png", "rgba", "auto", "source", "h264", "yuv420p", true, true},
      {"a.mp4", "png", "gray", "auto", "source", "h264", "yuv420p", false, true},
      {"a.mp4", "h264", "gray", "auto", "source", "h264", "gray", false, false},
      {"a.mp4", "hevc", "gbrp", "auto", "source", "hevc", "gbrp", false, false},
      {"a.mov", "vp9", "yuv420p", "auto", "source", "vp9", "yuv420p", false, false},
      {"a.mkv", "vp9", "yuv420p10le", "auto", "source", "vp9", "yuv420p10le", false, false},
      {"a.webm", "h264", "yuv420p", "auto", "source", "vp9", "yuv420p", false, false},
      {"a.mp4", "h264", "nv12", "auto", "source", "h264", "nv12", false, false},
      {"a.mp4", "hevc", "yuv420p12le", "auto", "source", "hevc", "yuv420p12le", false, false},
      {"a.mp4", "av1", "yuv420p12le", "auto", "source", "h264", "yuv420p10le", false, true},
      {"a.mp4", "h264", "yuv444p", "hevc", "yuv420p", "hevc", "yuv420p", false, true}};
  for (const auto& row : rows) {
    VideoInfo v = pictures({});
    v.pix_fmt = row.source_pixels;
    const EncoderOptions o{.video_codec = row.asked_codec,
                           .encoder = "software",
                           .pix_fmt = row.asked_pixels,
                           .threads = 1};
    const EncoderChoice c = choose_encoder(row.out, v, row.source_codec, o);
    const std::string text = fmt::format("{} {} {}", row.out, row.source_codec, row.source_pixels);
    EXPECT_EQ(c.codec, row.codec) << text;
    EXPECT_EQ(c.pix_fmt, row.pixels) << text;
    EXPECT_EQ(c.alpha_dropped, row.alpha_dropped) << text;
    EXPECT_EQ(c.pixels_changed, row.changed) << text;
    EXPECT_FALSE(c.hardware);
    EXPECT_NE(c.summary.find(row.pixels), std::string::npos);
  }
}

TEST_F(Segments, WhatAnEncoderCannotDo) {
  const VideoInfo v = pictures({});
  const auto code = [&](const std::string& out, const EncoderOptions& o) {
    return code_of([&] { choose_encoder(out, v, "h264", o); });
  };
  EXPECT_EQ(code("a.webm", {.video_codec = "h264"}), Code::kUnsupportedKind);
  EXPECT_EQ(code("a.webm", {.video_codec = "hevc"}), Code::kUnsupportedKind);
  EXPECT_EQ(code("a.mp4", {.encoder = "software", .pix_fmt = "rgb24"}), Code::kUnsupportedKind);
  EXPECT_EQ(code("a.mp4", {.pix_fmt = "yuv42"}), Code::kBadValue);
  EXPECT_EQ(code("a.mp4", {.video_codec = "mpeg2"}), Code::kBadValue);
  EXPECT_EQ(code("a.mp4", {.encoder = "fast"}), Code::kBadValue);
  EXPECT_EQ(code("a.mp4", {.crf = 52}), Code::kBadValue);
  EXPECT_EQ(code("a.avi", {}), Code::kBadValue);
  EXPECT_EQ(code("a.webm", {.encoder = "nvenc"}), Code::kUnsupportedKind);
  SegmentEncoder encoder(at("s"), "a.mp4", v, "h264", {.encoder = "software", .threads = 1});
  encoder.write(pattern({}, 3));
  EXPECT_EQ(code_of([&] { encoder.write(pattern({}, 3)); }), Code::kBadValue);
  EXPECT_EQ(code_of([&] { encoder.write(pattern({.width = 98}, 4)); }), Code::kBadValue);
}

TEST_F(Segments, NvencWithoutADeviceIsNamed) {
  const VideoInfo v = pictures({.width = 320, .height = 240});
  try {
    const EncoderChoice c = choose_encoder("a.mp4", v, "h264", {.encoder = "nvenc"});
    EXPECT_EQ(c.encoder, "h264_nvenc");
    GTEST_SKIP() << "this machine has an encoder of NVIDIA's";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNoSuchGpu);
    EXPECT_NE(e.message().find("h264_nvenc"), std::string::npos) << e.message();
  }
  EXPECT_EQ(choose_encoder("a.mp4", v, "h264", {}).encoder, "libx264");
}

TEST_F(Segments, OddSizes) {
  const ClipSpec s{.width = 853, .height = 479, .frames = 3};
  const EncoderChoice h264 =
      choose_encoder("a.mp4", pictures(s), "h264", {.encoder = "software", .threads = 1});
  EXPECT_EQ(h264.width, 854);
  EXPECT_EQ(h264.height, 480);
  EXPECT_TRUE(h264.size_changed);
  assemble(assembly(s, "a.mp4", encode(s, "a.mp4", 3, {.encoder = "software", .crf = 0})));
  const auto frame = VideoReader(at("a.mp4")).next();
  ASSERT_TRUE(frame);
  const Image got = frame->to_bgr(), want = pattern(s, 0).to_bgr();
  EXPECT_EQ(got.width, 854);
  EXPECT_EQ(crop(got, {0, 0, 853, 479}).data, want.data);
  assemble(assembly(s, "a.webm", encode(s, "a.webm", 3)));
  EXPECT_EQ(probe(at("a.webm")).video->width, 853);
  EXPECT_EQ(test::times_of(at("a.webm")).size(), 3u);
}

TEST_F(Segments, PicturesStandUprightInMatroska) {
  for (const char* format : {"yuv420p", "yuv444p", "yuv422p", "yuv420p10le"})
    for (const int rotation : {90, 180, 270})
      for (const char* out : {"a.mkv", "a.webm", "a.mp4"}) {
        const ClipSpec s{.frames = 2, .pix_fmt = format, .rotation = rotation};
        const EncoderOptions o{.encoder = "software", .crf = 2, .threads = 1};
        const std::string text = fmt::format("{} {} {}", format, rotation, out);
        const bool matroska = std::string(out) != "a.mp4";
        EXPECT_EQ(choose_encoder(out, pictures(s), "h264", o).turned, matroska ? rotation : 0);
        assemble(assembly(s, out, encode(s, out, 2, o)));
        VideoReader reader(at(out));
        const VideoInfo v = *reader.info().video;
        EXPECT_EQ(v.rotation, matroska ? 0 : rotation) << text;
        const bool wide = matroska && rotation != 180;
        EXPECT_EQ(v.sar.num * (wide ? 4 : 3), v.sar.den * (wide ? 3 : 4)) << text;
        const Image got = reader.next()->to_bgr(), want = pattern(s, 0).to_bgr();
        ASSERT_EQ(got.width, want.width) << text;
        double error = 0;
        for (size_t i = 0; i < got.data.size(); ++i) error += std::abs(got.data[i] - want.data[i]);
        EXPECT_LT(error / static_cast<double>(got.data.size()), 4.0) << text;
      }
}

TEST_F(Segments, PicturesFromPixelsAreConverted) {
  // R G B in, Y U V out: the colour stays, and the file says which matrix it is.
  VideoInfo v = pictures({.width = 64, .height = 48});
  v.pix_fmt = "rgb24";
  v.matrix = "gbr";
  v.range = "pc";
  SegmentEncoder encoder(at("s"), "a.mp4", v, "png", {.encoder = "software", .crf = 4});
  EXPECT_TRUE(encoder.choice().pixels_changed);
  Image red(64, 48);
  for (size_t i = 0; i < red.data.size(); ++i)
    red.data[i] = static_cast<uint8_t>(i % 3 == 2 ? 210 : 40);
  for (int i = 0; i < 3; ++i) encoder.write(VideoFrame::from_bgr(red, v, i * 512, 512, i));
  encoder.close();
  assemble({.out = at("a.mp4"), .overwrite = true, .segments = {at("s")}, .pictures = v});
  VideoReader reader(at("a.mp4"));
  EXPECT_EQ(reader.info().video->matrix, "smpte170m");
  EXPECT_EQ(reader.info().video->range, "tv");
  const Image got = reader.next()->to_bgr();
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(got.row(24)[3 * 32 + c], c == 2 ? 210 : 40, 4);
}

TEST_F(Segments, LightLevelsOfHdrAreKept) {
  ClipSpec s{.pix_fmt = "yuv420p10le", .codec = "hevc"};
  VideoInfo v = pictures(s);
  v.primaries = "bt2020";
  v.transfer = "smpte2084";
  v.matrix = "bt2020nc";
  EXPECT_TRUE(is_hdr(v));
  EXPECT_FALSE(is_hdr(pictures(s)));
  for (const char* out : {"a.mp4", "a.mkv"}) {
    SegmentEncoder encoder(at("s"), out, v, "hevc", {.encoder = "software", .threads = 1});
    for (int i = 0; i < 4; ++i) {
      const VideoFrame f = pattern(s, i);
      AVFrameSideData* light = av_frame_new_side_data(f.native(), AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
                                                      2 * sizeof(unsigned));
      reinterpret_cast<unsigned*>(light->data)[0] = 1000;
      reinterpret_cast<unsigned*>(light->data)[1] = 400;
      encoder.write(f);
    }
    encoder.close();
    assemble({.out = at(out), .overwrite = true, .segments = {at("s")}, .pictures = v});
    const InputContext input = open_input(at(out));
    const uint8_t* light =
        av_stream_get_side_data(input->streams[0], AV_PKT_DATA_CONTENT_LIGHT_LEVEL, nullptr);
    ASSERT_NE(light, nullptr) << out;
    EXPECT_EQ(reinterpret_cast<const unsigned*>(light)[0], 1000u) << out;
    EXPECT_TRUE(is_hdr(*probe(at(out)).video)) << out;
  }
}

TEST_F(Segments, DamagedAndForeignFilesAreSaid) {
  const ClipSpec s{.frames = 20};
  const auto paths = encode(s, "a.mp4", 10);
  const std::string good = bytes_of(paths[0]);
  const auto code = [&](const std::string& bytes) {
    std::ofstream(at("x"), std::ios::binary) << bytes;
    return code_of([&] { assemble(assembly(s, "o.mp4", {at("x"), paths[1]})); });
  };
  EXPECT_EQ(code(""), Code::kTruncatedInput);
  EXPECT_EQ(code("words and words and words and words"), Code::kTruncatedInput);
  for (const size_t size :
       {size_t{7}, size_t{30}, good.size() / 2, good.size() - 33, good.size() - 1})
    EXPECT_EQ(code(good.substr(0, size)), Code::kTruncatedInput) << size;
  EXPECT_EQ(code(good + "x"), Code::kTruncatedInput);
  for (size_t at = 8; at < good.size(); at += good.size() / 40) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_EQ(code(bad), Code::kTruncatedInput) << at;
  }
  EXPECT_EQ(code(good), Code{0});
  const auto joined = [&](std::vector<std::string> files) {
    return code_of([&] { assemble(assembly(s, "o.mp4", std::move(files))); });
  };
  EXPECT_EQ(joined({paths[1], paths[0]}), Code::kBadValue);
  EXPECT_EQ(joined({paths[0], paths[0]}), Code::kBadValue);
  EXPECT_EQ(joined({}), Code::kNoVideo);  // nor a source whose pictures could be kept
  EXPECT_EQ(joined({at("absent")}), Code::kNotFound);
  fs::copy(paths[0], at("h264"));
  ClipSpec other = s;
  other.codec = "hevc";
  EXPECT_EQ(joined({at("h264"), encode(other, "a.mp4", 10)[1]}), Code::kBadValue);
  // Left without close(): no file.
  {
    SegmentEncoder encoder(at("left"), "a.mp4", pictures(s), "h264", {.encoder = "software"});
    encoder.write(pattern(s, 0));
  }
  EXPECT_FALSE(fs::exists(at("left")));
}

}  // namespace
}  // namespace vl::media
