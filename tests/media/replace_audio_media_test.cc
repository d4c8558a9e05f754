#include "vl/media/replace_audio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "tests/media/clip_writer.h"
#include "tests/media/containers.h"
#include "tests/media/support.h"
#include "tests/support/paths.h"
#include "vl/media/audio.h"
#include "vl/media/video_reader.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::expect_same_packets;
using test::kRate;
using test::onset_of;
using test::Packet;
using test::packets_of;
using test::tag;
using test::times_of;
using test::tone_from;

struct Replace : testing::Test {
  test::TempDir dir;
  const std::string avatar = test::source("assets/demo/avatar.mp4").string();
  std::string at(const std::string& name) { return (dir / name).string(); }

  ReplaceResult replace(const std::string& source, const std::string& out, double onset = 1.0,
                        double seconds = 5.0) {
    return replace_audio(source, out, tone_from(onset, seconds),
                         {.rate = kRate, .overwrite = true});
  }
  /// A video of VP9 and Opus (two channels), or H.264 and AAC, by the name's ending.
  std::string clip(const std::string& name, int frames, const std::string& layout = "stereo",
                   int rotation = 0) {
    VideoReader reader(avatar, {.threads = 1});
    MediaInfo info = reader.info();
    info.audio->layout = layout;
    info.audio->channels = layout == "mono" ? 1 : layout == "5.1" ? 6 : 2;
    info.video->rotation = rotation;
    test::ClipWriter writer(at(name), info, 40);
    const Pcm sound{std::vector<float>(1920, 0.1F), 48000, 1};
    for (int i = 0; i < frames; ++i) {
      writer.write_video(*reader.next());
      writer.write_audio(sound);
    }
    writer.close();
    return at(name);
  }
};

TEST_F(Replace, PicturesAreTheSamePacketsAndSoundIsNew) {
  const struct {
    const char* name;
    double tolerance;
  } rows[] = {{"a.mp4", 1e-9}, {"a.mov", 1e-9}, {"a.mkv", 1e-3}};
  for (const auto& row : rows) {
    const ReplaceResult result = replace(avatar, at(row.name));
    EXPECT_TRUE(result.dropped.empty()) << row.name;
    EXPECT_EQ(result.codec, "aac") << row.name;
    EXPECT_EQ(result.rate, 44100) << row.name;
    EXPECT_EQ(result.frames, 5 * 44100) << row.name;
    expect_same_packets(avatar, 0, at(row.name), 0, row.tolerance);
    const MediaInfo before = probe(avatar), after = probe(at(row.name));
    EXPECT_NEAR(after.seconds, before.seconds, 0.05) << row.name;
    EXPECT_EQ(after.audio->channels, 1) << row.name;
    EXPECT_EQ(times_of(at(row.name)).size(), 125u) << row.name;
    const Pcm sound = read_audio(at(row.name), 0, false);
    EXPECT_NEAR(static_cast<double>(sound.frames()), 5 * 44100.0, 1024) << row.name;
    EXPECT_NEAR(onset_of(sound), 1.0, 0.002) << row.name;
  }
}

TEST_F(Replace, TheTracksLayoutAndCodecAreKept) {
  const struct {
    const char *source, *out, *layout, *codec;
    int64_t rate;
  } rows[] = {{"s.mp4", "o.mp4", "stereo", "aac", 44100},
              {"s.mp4", "o.mp4", "5.1", "aac", 44100},
              {"s.webm", "o.webm", "stereo", "opus", 48000},
              {"s.webm", "o.mkv", "mono", "opus", 48000}};
  for (const auto& row : rows) {
    const std::string source = clip(row.source, 50, row.layout);
    const ReplaceResult result = replace(source, at(row.out), 0.7, 2.0);
    EXPECT_EQ(result.codec, row.codec) << row.source;
    EXPECT_EQ(result.layout, row.layout) << row.source;
    EXPECT_EQ(result.rate, row.rate) << row.source;
    expect_same_packets(source, 0, at(row.out), 0, 1e-3);
    const Pcm sound = read_audio(at(row.out), 0, false);
    EXPECT_EQ(sound.rate, row.rate) << row.source;
    EXPECT_NEAR(sound.seconds(), 2.0, 0.03) << row.source << row.layout;
    const bool centre = std::string(row.layout) == "5.1";
    Pcm heard{{}, sound.rate, 1};
    for (int64_t i = centre ? 2 : 0; i < static_cast<int64_t>(sound.samples.size());
         i += sound.channels)
      heard.samples.push_back(sound.samples[static_cast<size_t>(i)]);
    EXPECT_NEAR(onset_of(heard), 0.7, 0.002) << row.source << row.layout;
  }
}

TEST_F(Replace, OtherStreamsChaptersAndTagsStay) {
  const struct {
    const char *source, *out;
    std::vector<std::string> dropped;
    unsigned streams;  ///< of the output; MP4 shows chapter titles as one more
  } rows[] = {{"r.mkv", "o.mkv", {}, 5},
              {"r.mkv", "o.mp4", {"subtitle subrip", "attachment ttf"}, 4},
              {"r.mp4", "o.mp4", {}, 5},
              {"r.mp4", "o.mov", {}, 5},
              {"r.mp4", "o.mkv", {"subtitle mov_text"}, 3}};
  for (const auto& row : rows) {
    const std::string source = test::rich_source(at(row.source)),
                      text = row.source + std::string(row.out);
    const ReplaceResult result = replace(source, at(row.out));
    std::vector<std::string> dropped;
    for (const DroppedStream& d : result.dropped) dropped.push_back(d.kind + " " + d.codec);
    EXPECT_EQ(dropped, row.dropped) << text;
    expect_same_packets(source, 0, at(row.out), 0, 1e-3);
    expect_same_packets(source, 2, at(row.out), 2, 1e-3);
    const InputContext output = open_input(at(row.out));
    EXPECT_EQ(output->nb_streams, row.streams) << text;
    EXPECT_EQ(tag(output->metadata, "title"), "Rich") << text;
    ASSERT_EQ(output->nb_chapters, 1u) << text;
    EXPECT_EQ(tag(output->chapters[0]->metadata, "title"), "Middle");
    const char* languages[] = {"", "ger", "ita"};
    for (const unsigned i : {1U, 2U}) {
      EXPECT_EQ(tag(output->streams[i]->metadata, "language"), languages[i]) << text;
      EXPECT_EQ((output->streams[i]->disposition & AV_DISPOSITION_DEFAULT) != 0, i == 1) << text;
    }
    EXPECT_EQ(probe(at(row.out)).audio->stream, 1) << text;
    if (!row.dropped.empty()) continue;
    const auto lines = packets_of(at(row.out), 3);
    const auto line = std::find_if(lines.begin(), lines.end(), [](const Packet& p) {
      return p.bytes.size() > 2;  // MP4 fills the time between lines with empty ones
    });
    ASSERT_NE(line, lines.end()) << text;
    EXPECT_EQ(line->bytes.substr(line->bytes.size() - 5), "Hello") << text;
    EXPECT_NEAR(line->pts, 1.0, 1e-3) << text;
    EXPECT_NEAR(line->duration, 1.5, 1e-3) << text;
  }
}

TEST_F(Replace, TurnedAndHiddenPicturesStaySo) {
  const std::string turned = clip("turned.mp4", 10, "mono", 90);
  replace(turned, at("o.mp4"), 0.1, 0.4);
  EXPECT_EQ(probe(at("o.mp4")).video->rotation, 90);
  // An edit list that hides the first half second.
  const InputContext input = open_input(avatar);
  Muxer muxer(at("cut.mp4"), "mp4", true);
  for (const int i : {0, 1}) {
    AVStream* stream = avformat_new_stream(&muxer.context(), nullptr);
    avcodec_parameters_copy(stream->codecpar, input->streams[i]->codecpar);
    stream->time_base = input->streams[i]->time_base;
  }
  muxer.start();
  const PacketPtr packet(av_packet_alloc());
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    const int i = packet->stream_index;
    const AVRational base = input->streams[i]->time_base;
    packet->pts -= base.den / base.num / 2;
    packet->dts -= base.den / base.num / 2;
    muxer.write(*packet, *muxer.context().streams[i], base);
  }
  muxer.close();
  const auto want = times_of(at("cut.mp4"));
  ASSERT_LT(want.size(), 120u);
  replace(at("cut.mp4"), at("o.mp4"), 1.0, 4.5);
  const auto got = times_of(at("o.mp4"));
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-6) << i;
  EXPECT_NEAR(onset_of(read_audio(at("o.mp4"), 0, false)), 1.0, 0.002);
}

TEST_F(Replace, SoundOfAnyLength) {
  for (const double seconds : {0.0, 2.0, 7.5}) {
    const ReplaceResult result = replace(avatar, at("o.mp4"), 0.5, seconds);
    EXPECT_EQ(result.frames, std::llround(seconds * 44100)) << seconds;
    EXPECT_EQ(times_of(at("o.mp4")).size(), 125u) << seconds;
  }
  EXPECT_NEAR(read_audio(at("o.mp4"), 0, false).seconds(), 7.5, 0.03);
}

TEST_F(Replace, WhatCannotBe) {
  const std::string webm = clip("v.webm", 5);
  std::ofstream(at("there.mp4")) << "x";
  std::ofstream(at("text.mp4")) << "only words and words and words and words and words";
  const auto code = [&](const std::string& source, const std::string& out, bool overwrite) {
    return code_of([&] {
      replace_audio(source, out, tone_from(0, 1), {.rate = kRate, .overwrite = overwrite});
    });
  };
  EXPECT_EQ(code(avatar, at("there.mp4"), false), Code::kOutputExists);
  EXPECT_EQ(code(avatar, at("x.avi"), false), Code::kBadValue);
  EXPECT_EQ(code(avatar, at("x.webm"), false), Code::kUnsupportedKind);
  EXPECT_EQ(code(at("text.mp4"), at("x.mp4"), false), Code::kNotDecodable);
  const auto broken = [](Pcm&) -> bool { throw Error(Code::kCancelled, "stop"); };
  EXPECT_EQ(code_of([&] { replace_audio(avatar, at("x.mp4"), broken, {.rate = kRate}); }),
            Code::kCancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), {}), 3);
}

TEST_F(Replace, TagsAreAddedAndBytesRepeat) {
  for (const char* name : {"o.mp4", "o.mkv"}) {
    std::string bytes[2];
    for (std::string& b : bytes) {
      replace_audio(avatar, at(name), tone_from(0, 2),
                    {.rate = kRate, .overwrite = true, .tags = {{"comment", "made"}}});
      std::ifstream in(at(name), std::ios::binary);
      b.assign(std::istreambuf_iterator<char>(in), {});
    }
    EXPECT_TRUE(bytes[0] == bytes[1]) << name;
    const InputContext output = open_input(at(name));
    EXPECT_EQ(tag(output->metadata, "comment"), "made") << name;
  }
}

}  // namespace
}  // namespace vl::media
