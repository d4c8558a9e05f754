#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/media/clip_writer.h"
#include "tests/media/clips.h"
#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/media/audio.h"
#include "vl/media/video_reader.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::ClipSpec;
using test::code_of;
using test::info_of;
using test::pattern;
using test::planes_equal;

struct Video : testing::Test {
  test::TempDir dir;

  std::string write(const ClipSpec& s, const std::string& name, int crf = 18,
                    const std::string& source = "") {
    const std::string path = (dir / name).string();
    const std::string tags =
        source.empty() ? test::source("assets/demo/avatar.mp4").string() : source;
    test::ClipWriter writer(path, info_of(s, tags), crf);
    Pcm sound{{}, 44100, 1};
    for (int i = 0; i < s.frames; ++i) {
      const VideoFrame f = pattern(s, i);
      sound.samples.assign(static_cast<size_t>(44100 / s.fps.value()), 0.25F);
      if (s.sound) writer.write_audio(sound);
      writer.write_video(f);
    }
    writer.close();
    return path;
  }

  static std::vector<int64_t> pts_of(const std::string& path) {
    VideoReader reader(path, {.threads = 1});
    std::vector<int64_t> out;
    while (auto f = reader.next()) out.push_back(f->pts());
    return out;
  }
};

TEST_F(Video, CountTimesSizeAndRateSurviveAnEncode) {
  const struct {
    const char* name;
    ClipSpec spec;
  } rows[] = {{"pal.mp4", {}},
              {"ntsc.mp4", {.fps = {30000, 1001}, .time_base = {1, 30000}}},
              {"vfr.mp4", {.frames = 6, .pts = {0, 512, 700, 2000, 2512, 6000}}},
              {"late.mkv", {.frames = 5, .time_base = {1, 1000}, .pts = {400, 440, 480, 520, 560}}},
              {"odd.mp4", {.width = 98, .height = 66}},
              {"silent.mp4", {.sound = false}},
              {"hevc.mp4", {.codec = "hevc"}},
              {"deep.mp4", {.pix_fmt = "yuv420p10le"}},
              {"turned.mp4", {.rotation = 90}}};
  for (const auto& row : rows) {
    const std::string path = write(row.spec, row.name);
    const MediaInfo m = probe(path);
    ASSERT_TRUE(m.video) << row.name;
    EXPECT_EQ(m.video->width, row.spec.width) << row.name;
    EXPECT_EQ(m.video->codec, row.spec.codec) << row.name;
    EXPECT_EQ(m.video->pix_fmt, row.spec.pix_fmt) << row.name;
    EXPECT_EQ(m.video->rotation, row.spec.rotation) << row.name;
    EXPECT_EQ(m.video->matrix, "bt709") << row.name;
    EXPECT_EQ(m.audio.has_value(), row.spec.sound) << row.name;
    const auto got = pts_of(path);
    ASSERT_EQ(got.size(), static_cast<size_t>(row.spec.frames)) << row.name;
    for (int i = 0; i < row.spec.frames; ++i) {
      const double want =
          static_cast<double>(pattern(row.spec, i).pts()) * row.spec.time_base.value();
      EXPECT_NEAR(static_cast<double>(got[static_cast<size_t>(i)]) * m.video->time_base.value(),
                  want, 1e-6)
          << row.name << i;
    }
    if (row.spec.sound && row.spec.pts.empty()) {
      EXPECT_NEAR(read_audio(path, 0, true).seconds(), row.spec.frames / row.spec.fps.value(),
                  1.0 / row.spec.fps.value())
          << row.name;
    }
  }
}

TEST_F(Video, LosslessFramesComeBackBitForBit) {
  ClipSpec s{.frames = 12};
  const std::string path = write(s, "lossless.mp4", 0);
  VideoReader reader(path, {.threads = 1});
  int i = 0;
  while (auto f = reader.next())
    EXPECT_TRUE(planes_equal(*f->native(), *pattern(s, i++).native())) << i;
  EXPECT_EQ(i, s.frames);
}

TEST_F(Video, WritingARegionLeavesTheRestAlone) {
  for (const char* format : {"yuv420p", "yuv444p", "yuv422p", "yuv420p10le"})
    for (const int rotation : {0, 90, 180, 270})
      for (const Rect r : {Rect{10, 12, 40, 44}, Rect{11, 13, 42, 31}}) {
        ClipSpec s{.pix_fmt = format, .rotation = rotation};
        VideoFrame frame = pattern(s, 3);
        const VideoFrame before = frame;
        Image patch(r.width(), r.height());
        for (size_t i = 0; i < patch.data.size(); ++i)
          patch.data[i] = static_cast<uint8_t>(i % 3 == 2 ? 200 : 60);
        frame.write_bgr_region(r, patch);
        ASSERT_FALSE(planes_equal(*frame.native(), *before.native()));
        const Image a = before.to_bgr(), b = frame.to_bgr();
        const bool whole = std::string(format) == "yuv444p";
        int worst_inside = 0, changed_outside = 0;
        for (int y = 0; y < a.height; ++y)
          for (int x = 0; x < a.width; ++x) {
            const int margin = whole ? 0 : 3;  // chroma of neighbouring pixels is interpolated
            const bool inside = x >= r.x1 && x < r.x2 && y >= r.y1 && y < r.y2;
            const bool core = x >= r.x1 + 3 && x < r.x2 - 3 && y >= r.y1 + 3 && y < r.y2 - 3;
            const bool far =
                x < r.x1 - margin || x >= r.x2 + margin || y < r.y1 - margin || y >= r.y2 + margin;
            for (int c = 0; c < 3; ++c) {
              if (core)
                worst_inside = std::max(worst_inside, std::abs(b.row(y)[3 * x + c] -
                                                               patch.data[static_cast<size_t>(c)]));
              if (!inside && far) changed_outside += a.row(y)[3 * x + c] != b.row(y)[3 * x + c];
            }
          }
        EXPECT_LE(worst_inside, 4) << format << rotation;
        EXPECT_EQ(changed_outside, 0) << format << rotation;
      }
}

TEST_F(Video, ATurnedSourceIsReadUpright) {
  ClipSpec s{.frames = 3, .rotation = 90};
  VideoReader reader(write(s, "r.mp4", 0), {.threads = 1});
  const auto f = reader.next();
  ASSERT_TRUE(f);
  EXPECT_EQ(f->width(), s.height);
  const Image upright = f->to_bgr();
  s.rotation = 0;
  EXPECT_EQ(upright.data, rotate(pattern(s, 0).to_bgr(), 90).data);
}

TEST_F(Video, BadInputsHaveTheirCodes) {
  std::ofstream(dir / "text.mp4") << "this is no video at all, only words and words and words";
  std::ofstream(dir / "empty.mp4");
  std::ofstream(dir / "random.mp4", std::ios::binary) << std::string(5000, '\x5a');
  const std::string good = write({.frames = 100, .sound = false}, "good.mp4");
  std::ifstream in(good, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  std::ofstream(dir / "cut.mp4", std::ios::binary) << bytes.substr(0, bytes.size() * 6 / 10);
  const auto read_all = [](const std::string& p) {
    VideoReader r(p, {.threads = 1});
    while (r.next()) {
    }
  };
  const struct {
    std::string path;
    Code code;
  } rows[] = {{(dir / "text.mp4").string(), Code::kNotDecodable},
              {(dir / "empty.mp4").string(), Code::kNotDecodable},
              {(dir / "random.mp4").string(), Code::kNotDecodable},
              {(dir / "absent.mp4").string(), Code::kNotFound},
              {dir.path().string(), Code::kNotFound},
              {"http://example.invalid/x.mp4", Code::kNotFound},
              {(dir / "cut.mp4").string(), Code::kTruncatedInput}};
  for (const auto& row : rows)
    EXPECT_EQ(code_of([&] { read_all(row.path); }), row.code) << row.path;
  EXPECT_EQ(code_of([&] { read_audio(good, 16000, true); }), Code::kNoAudio);
  EXPECT_EQ(code_of([&] { require_video_and_audio(probe(good)); }), Code::kNoAudio);
}

TEST_F(Video, RealClipsDecodeWhole) {
  const struct {
    const char* name;
    size_t frames;
    int width;
  } rows[] = {{"assets/face/talk2.mp4", 125, 844},
              {"assets/face/portrait_1080p_hevc.mp4", 0, 1080}};
  for (const auto& row : rows) {
    const auto path = test::shared(row.name);
    if (path.empty())
      GTEST_SKIP() << row.name
                   << " is not at hand: it shows a real person and is not in the repository";
    VideoReader reader(path.string(), {.threads = 1});
    size_t n = 0;
    while (auto f = reader.next()) {
      EXPECT_EQ(f->width(), row.width);
      ++n;
    }
    EXPECT_EQ(n, row.frames > 0 ? row.frames : static_cast<size_t>(reader.info().video->frames));
  }
}

TEST(Resample, LengthsAndLevel) {
  Pcm tone{std::vector<float>(44100), 44100, 1};
  for (size_t i = 0; i < tone.samples.size(); ++i)
    tone.samples[i] = 0.5F * std::sin(0.06F * static_cast<float>(i));
  for (const int64_t rate : {8000, 16000, 22050, 24000, 48000}) {
    const Pcm out = resample(tone, rate);
    EXPECT_EQ(out.frames(), rate);
    float peak = 0;
    for (float x : out.samples) peak = std::max(peak, std::fabs(x));
    EXPECT_NEAR(peak, 0.5F, 0.05F);
  }
  EXPECT_EQ(resample(Pcm{{}, 44100, 1}, 16000).frames(), 0);
}

TEST(Stretch, ChangesTheLengthAndNotThePitch) {
  Pcm tone{std::vector<float>(48000), 24000, 1};
  for (size_t i = 0; i < tone.samples.size(); ++i)
    tone.samples[i] =
        0.5F * std::sin(2.0F * 3.14159265F * 200.0F * static_cast<float>(i) / 24000.0F);
  const Pcm out = stretch(tone, 1.25);
  EXPECT_NEAR(out.seconds(), 2.0 / 1.25, 0.05);
  int crossings = 0;
  for (size_t i = 1; i < out.samples.size(); ++i)
    crossings += (out.samples[i - 1] < 0) != (out.samples[i] < 0);
  EXPECT_NEAR(crossings / out.seconds() / 2, 200.0, 6.0);
  EXPECT_THROW(stretch(tone, 3.0), Error);
}

}  // namespace
}  // namespace vl::media
