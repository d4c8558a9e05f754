#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/media/clips.h"
#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/media/video_reader.h"

namespace vl::media {
namespace {

using test::ffmpeg;
using test::fingerprint;

struct Seen {
  uint64_t pixels;
  int64_t pts, index;
  bool operator==(const Seen&) const = default;
};

Seen seen(const VideoFrame& f) { return {fingerprint(*f.native()), f.pts(), f.index()}; }

std::vector<Seen> whole(const std::string& path) {
  VideoReader reader(path);
  std::vector<Seen> out;
  while (auto f = reader.next()) out.push_back(seen(*f));
  return out;
}

std::vector<int64_t> times(const std::vector<Seen>& run) {
  std::vector<int64_t> out;
  for (const Seen& s : run) out.push_back(s.pts);
  return out;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Seek : testing::Test {
  test::TempDir dir;
  std::string at(const std::string& name) { return (dir / name).string(); }
  /// 101 pictures, one of them turning up late in a file of changing rate.
  bool make(const std::string& options, const std::string& name) {
    return ffmpeg("-f lavfi -i testsrc2=s=160x96:r=25:d=4.04 " + options + " " + at(name));
  }
};

const struct {
  const char *name, *options;
} kClips[] = {
    {"plain.mp4", "-c:v libx264 -g 25 -bf 3"},
    {"open.mp4", "-c:v libx264 -g 20 -bf 3 -x264-params open-gop=1:b-pyramid=normal"},
    {"refresh.mp4", "-c:v libx264 -g 30 -x264-params intra-refresh=1"},
    {"long.mkv", "-c:v libx264 -g 250 -bf 2"},
    {"open.mkv", "-c:v libx265 -x265-params log-level=none:keyint=24:bframes=4"},
    {"open_hevc.mp4", "-c:v libx265 -tag:v hvc1 -x265-params log-level=none:keyint=24:bframes=4"},
    {"vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 30"},
    {"stream.ts", "-c:v libx264 -g 25 -bf 2"},
    {"stream.mpg", "-c:v mpeg2video -g 15 -bf 2 -q 4"},
    {"mpeg2.ts", "-c:v mpeg2video -g 15 -bf 2 -q 4"},
    {"old.avi", "-c:v mpeg4 -g 25 -bf 2 -q 4"},
    {"older.avi", "-c:v mpeg4 -g 25 -bf 0 -q 4"},
    {"still.avi", "-c:v mjpeg -q 4"},
    {"h264.avi", "-c:v libx264 -g 25 -bf 2"},
    {"flash.flv", "-c:v libx264 -g 25 -bf 2"},
    {"raw.h264", "-c:v libx264 -g 25 -bf 2"},
    {"vfr.mp4",
     "-vf \"select=not(mod(n\\\\,7))+gt(mod(n\\\\,5)\\\\,2)\" -vsync vfr -c:v libx264 -g 12 -bf 3"},
    {"late.mkv", "-c:v libx264 -g 25 -bf 2 -output_ts_offset 3"}};

TEST_F(Seek, PicturesAfterAJumpAreThoseOfAWholeRun) {
  for (const auto& clip : kClips) {
    if (!make(clip.options, clip.name)) GTEST_SKIP() << "the ffmpeg program is not installed";
    const std::vector<Seen> want = whole(at(clip.name));
    ASSERT_GE(want.size(), 40u) << clip.name;
    VideoReader reader(at(clip.name));
    const size_t n = want.size();
    for (const size_t to : {n / 2, size_t{0}, n - 1, size_t{1}, size_t{19}, size_t{20}, size_t{23},
                            size_t{24}, size_t{25}, size_t{26}, n - 4}) {
      reader.seek(want[to].pts, static_cast<int64_t>(to));
      EXPECT_EQ(reader.decoded(), static_cast<int64_t>(to)) << clip.name;
      for (size_t i = to; i < std::min(n, to + 6); ++i) {
        const auto f = reader.next();
        ASSERT_TRUE(f) << clip.name << " " << to << " " << i;
        EXPECT_EQ(seen(*f), want[i]) << clip.name << " to " << to << " at " << i;
      }
    }
    EXPECT_FALSE(reader.next()) << clip.name;
    EXPECT_EQ(reader.damaged(), 0) << clip.name;
    EXPECT_EQ(test::code_of([&] { reader.seek(want[n - 1].pts + 1, static_cast<int64_t>(n)); }),
              Code::kTruncatedInput)
        << clip.name;
  }
}

TEST_F(Seek, BackwardsIsTheReverse) {
  for (const auto& clip : kClips) {
    if (!make(clip.options, clip.name)) GTEST_SKIP() << "the ffmpeg program is not installed";
    std::vector<Seen> want = whole(at(clip.name));
    ReverseReader reader(at(clip.name), {}, times(want));
    std::vector<Seen> got;
    while (const auto f = reader.next()) got.push_back(seen(*f));
    std::reverse(got.begin(), got.end());
    EXPECT_EQ(got, want) << clip.name;
    EXPECT_FALSE(reader.next());
  }
}

TEST_F(Seek, HiddenPicturesStayHidden) {
  if (!make("-c:v libx264 -g 25 -bf 2", "all.mp4")) GTEST_SKIP() << "ffmpeg is not installed";
  ffmpeg("-ss 0.5 -i " + at("all.mp4") + " -c copy " + at("cut.mp4"));
  const std::vector<Seen> want = whole(at("cut.mp4"));
  ASSERT_LT(want.size(), 101u);
  VideoReader reader(at("cut.mp4"));
  reader.seek(want[40].pts, 40);
  for (size_t i = 40; i < want.size(); ++i) EXPECT_EQ(seen(reader.next().value()), want[i]) << i;
  EXPECT_FALSE(reader.next());
}

TEST_F(Seek, FurtherDegreesTurnThePictures) {
  if (!make("-c:v libx264", "a.mp4")) GTEST_SKIP() << "ffmpeg is not installed";
  VideoReader upright(at("a.mp4")), turned(at("a.mp4"), {.rotate = 90});
  EXPECT_EQ(turned.info().video->rotation, 90);
  const auto a = upright.next(), b = turned.next();
  EXPECT_EQ(b->width(), 96);
  EXPECT_EQ(b->to_bgr().data, rotate(a->to_bgr(), 90).data);
  EXPECT_EQ(test::code_of([&] { VideoReader(at("a.mp4"), {.rotate = 45}); }), Code::kBadValue);
}

/// Where the k-th packet of the pictures lies in the file, and its size.
std::vector<std::pair<int64_t, int>> places(const std::string& path) {
  const InputContext input = open_input(path);
  const PacketPtr packet(av_packet_alloc());
  std::vector<std::pair<int64_t, int>> out;
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    if (packet->stream_index == 0) out.emplace_back(packet->pos, packet->size);
    av_packet_unref(packet.get());
  }
  return out;
}

TEST_F(Seek, DamagedPicturesDoNotMoveOthers) {
  for (const char* name : {"a.mp4", "a.mkv"}) {
    if (!ffmpeg("-f lavfi -i testsrc2=s=160x96:r=25:d=12 -c:v libx264 -g 25 -bf 2 " + at(name)))
      GTEST_SKIP() << "ffmpeg is not installed";
    const std::vector<Seen> want = whole(at(name));
    std::string bytes = bytes_of(at(name));
    // Packet 130 loses its slice, its length stays; some of those after it refer to it.
    const auto [pos, size] = places(at(name))[130];
    for (int64_t i = pos + 16; i < pos + size; ++i) bytes[static_cast<size_t>(i)] = '\xff';
    std::ofstream(at(name), std::ios::binary) << bytes;
    VideoReader reader(at(name), {.threads = 1});  // several threads tell of damage by chance
    std::vector<Seen> got;
    while (auto f = reader.next()) got.push_back(seen(*f));
    EXPECT_GT(reader.damaged(), 0) << name;
    EXPECT_GE(got.size(), 298u) << name;
    size_t same = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].index, static_cast<int64_t>(i));
      const auto twin = std::find_if(want.begin(), want.end(),
                                     [&](const Seen& s) { return s.pts == got[i].pts; });
      ASSERT_NE(twin, want.end()) << name << " " << i << ": " << got[i].pts;
      same += twin->pixels == got[i].pixels;
    }
    EXPECT_GE(same, 270u) << name;
    // What the decoder puts in the place of damage is not the same twice; times and places are.
    const auto compare = [&](const VideoFrame& f, size_t i) {
      EXPECT_EQ(f.pts(), got[i].pts) << name << " " << i;
      EXPECT_EQ(f.index(), got[i].index) << name << " " << i;
      if (i >= 120 && i < 155) return;
      EXPECT_EQ(seen(f), got[i]) << name << " " << i;
    };
    for (const size_t to : {size_t{100}, size_t{126}, size_t{135}, size_t{160}, size_t{250}}) {
      reader.seek(got[to].pts, static_cast<int64_t>(to));
      for (size_t i = to; i < to + 20; ++i) compare(reader.next().value(), i);
    }
    ReverseReader backwards(at(name), {}, times(got));
    for (size_t i = got.size(); i-- > 0;) compare(backwards.next().value(), i);
  }
}

TEST_F(Seek, WhatIsCutOffIsSaid) {
  if (!ffmpeg("-f lavfi -i testsrc2=s=160x96:r=25:d=5 -c:v libx264 -bf 0 -x264-params "
              "keyint=25:rc-lookahead=0 -movflags +faststart " +
              at("front.mp4")))
    GTEST_SKIP() << "ffmpeg is not installed";
  ffmpeg("-i " + at("front.mp4") + " -c copy " + at("back.mp4"));
  const auto [pos, size] = places(at("front.mp4"))[62];
  std::string bytes = bytes_of(at("front.mp4"));
  std::ofstream(at("front.mp4"), std::ios::binary) << bytes.substr(0, static_cast<size_t>(pos));
  const auto error_of = [&](const std::string& name) {
    try {
      whole(at(name));
    } catch (const Error& e) {
      return code_name(e.code()) + " " + e.message();
    }
    return std::string();
  };
  EXPECT_EQ(error_of("front.mp4"),
            "E0305 " + at("front.mp4") + " ends early: 62 of 125 frames decode");
  bytes = bytes_of(at("back.mp4"));
  std::ofstream(at("back.mp4"), std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  EXPECT_EQ(error_of("back.mp4"), "E0302 cannot decode " + at("back.mp4") + ": not a media file");
}

}  // namespace
}  // namespace vl::media
