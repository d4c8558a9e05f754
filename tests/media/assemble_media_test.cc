#include "vl/media/assemble.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/media/clips.h"
#include "tests/media/containers.h"
#include "tests/support/code_of.h"
#include "vl/media/audio.h"
#include "vl/media/audio_writer.h"
#include "vl/media/segment_encoder.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::kRate;
using test::onset_of;
using test::packets_of;
using test::tag;
using test::times_of;
using test::tone_from;

struct Assemble : testing::Test {
  test::TempDir dir;
  const std::string avatar = test::source("assets/demo/avatar.mp4").string();
  std::string at(const std::string& name) { return (dir / name).string(); }

  /// The pictures of a video, encoded again in packet files for `out`.
  Assembly pictures_of(const std::string& source, const std::string& out, int length = 40) {
    VideoReader reader(source);
    const VideoInfo v = *reader.info().video;
    Assembly a{.out = at(out), .overwrite = true, .pictures = v, .source = source};
    std::optional<SegmentEncoder> encoder;
    const EncoderOptions options{.encoder = "software", .crf = 40, .threads = 1};
    while (auto frame = reader.next()) {
      if (frame->index() % length == 0) {
        if (encoder) encoder->close();
        a.segments.push_back(at(out + std::to_string(frame->index())));
        encoder.emplace(a.segments.back(), out, v, v.codec, options);
      }
      encoder->write(*frame);
    }
    encoder->close();
    return a;
  }
  /// Sound with a tone from `onset` s on, 3 s long.
  std::string speech(const std::string& name, int64_t rate, double onset = 1.0) {
    AudioWriter writer(at(name), {.kind = audio_kind_of(name, ""), .rate = rate, .channels = 1},
                       true);
    const auto next = tone_from(onset, 3.0);
    Pcm block, all{{}, kRate, 1};
    while (next(block)) {
      all.samples.insert(all.samples.end(), block.samples.begin(), block.samples.end());
      block.samples.clear();
    }
    const Pcm out = resample(all, rate);
    writer.write(out.samples.data(), out.frames());
    writer.close();
    return at(name);
  }
  EncodedSound generated(std::function<bool(Pcm&)> next, const std::string& codec = "aac",
                         const std::string& layout = "stereo", int64_t channels = 2) {
    return {.next = std::move(next),
            .rate = kRate,
            .channels = 1,
            .track = {.codec = codec, .layout = layout, .rate = 44100, .channels = channels}};
  }
};

TEST_F(Assemble, AllElseOfTheSourceStays) {
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
    const std::string source = test::rich_source(at(row.source));
    const std::string text = row.source + std::string(row.out);
    Assembly a = pictures_of(source, row.out);
    a.tags = {{"comment", "made"}};
    a.sound = generated(tone_from(1.0, 5.0));
    const AssemblyResult result = assemble(a);
    std::vector<std::string> dropped;
    for (const DroppedStream& d : result.dropped) dropped.push_back(d.kind + " " + d.codec);
    EXPECT_EQ(dropped, row.dropped) << text;
    EXPECT_EQ(result.sound_codec, "aac") << text;
    EXPECT_EQ(result.sound_layout, "stereo") << text;
    EXPECT_EQ(result.sound_frames, 5 * 44100) << text;
    test::expect_same_packets(source, 2, at(row.out), 2, 1e-3);
    const InputContext output = open_input(at(row.out));
    EXPECT_EQ(output->nb_streams, row.streams) << text;
    EXPECT_EQ(tag(output->metadata, "title"), "Rich") << text;
    EXPECT_EQ(tag(output->metadata, "comment"), "made") << text;
    ASSERT_EQ(output->nb_chapters, 1u) << text;
    EXPECT_EQ(tag(output->chapters[0]->metadata, "title"), "Middle");
    const char* languages[] = {"", "ger", "ita"};
    for (const unsigned i : {1U, 2U}) {
      EXPECT_EQ(tag(output->streams[i]->metadata, "language"), languages[i]) << text;
      EXPECT_EQ((output->streams[i]->disposition & AV_DISPOSITION_DEFAULT) != 0, i == 1) << text;
    }
    const auto want = times_of(source), got = times_of(at(row.out));
    ASSERT_EQ(got.size(), want.size()) << text;
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1.1e-3) << text << i;
    EXPECT_NEAR(onset_of(read_audio(at(row.out), 0, false)), 1.0, 0.002) << text;
    a.copy_streams = false;
    EXPECT_TRUE(assemble(a).dropped.empty()) << text;
    const MediaInfo alone = probe(at(row.out));
    EXPECT_LE(alone.other_streams, 1) << text;  // the titles of chapters
    a.copy_streams = true;
    a.sound = {};
    EXPECT_EQ(assemble(a).sound_codec, "") << text;
    test::expect_same_packets(source, 1, at(row.out), 1, 1e-3);
  }
}

TEST_F(Assemble, CopiedSoundIsInSync) {
  const Assembly mp4 = pictures_of(avatar, "o.mp4"), webm = pictures_of(avatar, "o.webm", 200);
  const std::string in_video = at("talk.mp4"), late = at("late.mkv");
  {  // sound inside a video, and in one whose clock starts at 3 s
    Assembly a = pictures_of(avatar, "talk.mp4");
    a.sound = CopiedSound{speech("t.m4a", 44100)};
    assemble(a);
    test::ffmpeg("-i " + in_video + " -c copy -output_ts_offset 3 " + late);
  }
  const struct {
    std::string file;
    std::vector<const char*> outs;
  } rows[] = {{speech("a.m4a", 44100), {"o.mp4", "o.mov", "o.mkv"}},
              {speech("a.mp3", 44100), {"o.mp4", "o.mov", "o.mkv"}},
              {speech("a.opus", 48000), {"o.mp4", "o.mkv", "o.webm"}},
              {speech("a.flac", 24000), {"o.mp4", "o.mkv"}},
              {speech("a.wav", 16000), {"o.mov", "o.mkv"}},
              {in_video, {"o.mp4", "o.mov", "o.mkv"}},
              {late, {"o.mp4", "o.mkv"}}};
  for (const auto& row : rows)
    for (const std::string out : row.outs) {
      if (!fs::exists(row.file)) continue;  // no ffmpeg program
      const std::string text = row.file + " -> " + out;
      const AudioInfo heard = *probe(row.file, SoundLength::kAny).audio;
      ASSERT_TRUE(takes_sound(out, heard.codec)) << text;
      Assembly a = out == "o.webm" ? webm : mp4;
      a.out = at(out);
      a.pictures.rotation = 0;
      a.sound = CopiedSound{row.file};
      const AssemblyResult result = assemble(a);
      EXPECT_EQ(result.sound_codec, heard.codec) << text;
      const Pcm before = read_audio(row.file, 0, true), after = read_audio(at(out), 0, true);
      EXPECT_NEAR(onset_of(before), 1.0, 0.03) << text;
      EXPECT_NEAR(onset_of(after), onset_of(before), 0.0015) << text;
      EXPECT_NEAR(after.seconds(), before.seconds(), 0.06) << text;
      EXPECT_EQ(times_of(at(out)).size(), 125u) << text;
      EXPECT_NEAR(times_of(at(out)).front(), times_of(avatar).front(), 1.1e-3) << text;
      a.sound = CopiedSound{row.file, 2.0};
      assemble(a);
      EXPECT_NEAR(read_audio(at(out), 0, true).seconds(), 2.0, 0.15) << text;
    }
  EXPECT_FALSE(takes_sound("o.webm", "mp3"));
  EXPECT_FALSE(takes_sound("o.mp4", "pcm_s16le"));
  EXPECT_FALSE(takes_sound("o.mp4", "no codec"));
}

TEST_F(Assemble, EncodedSoundOfEveryShape) {
  const struct {
    const char *out, *codec, *layout;
    int64_t channels;
    const char* got;
  } rows[] = {
      {"o.mp4", "aac", "stereo", 2, "aac"},           {"o.mp4", "aac", "5.1", 6, "aac"},
      {"o.mp4", "wmav2", "mono", 1, "aac"},           {"o.mkv", "flac", "stereo", 2, "flac"},
      {"o.mov", "pcm_s16le", "mono", 1, "pcm_s16le"}, {"o.mkv", "mp3", "stereo", 2, "mp3"}};
  Assembly a = pictures_of(avatar, "o.mp4");
  for (const auto& row : rows) {
    a.out = at(row.out);
    a.sound = generated(tone_from(0.7, 4.0), row.codec, row.layout, row.channels);
    const AssemblyResult result = assemble(a);
    EXPECT_EQ(result.sound_codec, row.got) << row.out << row.codec;
    EXPECT_EQ(result.sound_layout, row.layout) << row.out << row.codec;
    EXPECT_EQ(result.sound_rate, 44100) << row.out << row.codec;
    const Pcm sound = read_audio(at(row.out), 0, false);
    EXPECT_EQ(sound.channels, row.channels) << row.out << row.codec;
    Pcm speaks{{}, sound.rate, 1};
    for (int64_t i = row.channels == 6 ? 2 : 0; i < static_cast<int64_t>(sound.samples.size());
         i += sound.channels)
      speaks.samples.push_back(sound.samples[static_cast<size_t>(i)]);
    EXPECT_NEAR(onset_of(speaks), 0.7, 0.002) << row.out << row.codec;
    EXPECT_NEAR(sound.seconds(), 4.0, 0.06) << row.out << row.codec;
  }
  // Two channels, each with its own sound.
  EncodedSound two = generated({}, "flac");
  two.channels = 2;
  two.next = [left = 40000](Pcm& block) mutable {
    for (int i = 0; i < 1000; ++i)
      for (const float x : {0.5F, -0.25F}) block.samples.push_back(x);
    return (left -= 1000) >= 0;
  };
  a.out = at("o.mkv");
  a.sound = two;
  assemble(a);
  const Pcm sound = read_audio(at("o.mkv"), 0, false);
  EXPECT_NEAR(sound.samples[40000], 0.5F, 1e-3);
  EXPECT_NEAR(sound.samples[40001], -0.25F, 1e-3);
  two.track.channels = 6;
  two.track.layout = "5.1";
  a.sound = two;
  EXPECT_EQ(code_of([&] { assemble(a); }), Code::kBadValue);
}

TEST_F(Assemble, WithoutASourceOrFromAPicture) {
  Assembly a = pictures_of(avatar, "o.mp4");
  const Image still = VideoReader(avatar).next()->to_bgr();
  a.sound = generated(tone_from(0.5, 3.0));
  a.source.clear();
  AssemblyResult result = assemble(a);
  EXPECT_TRUE(result.dropped.empty());
  EXPECT_EQ(probe(at("o.mp4")).other_streams, 0);
  EXPECT_NEAR(onset_of(read_audio(at("o.mp4"), 0, false)), 0.5, 0.002);
  if (test::ffmpeg("-i " + avatar + " -frames:v 1 " + at("face.png"))) {
    a.source = at("face.png");
    result = assemble(a);
    EXPECT_TRUE(result.dropped.empty());
    EXPECT_EQ(times_of(at("o.mp4")).size(), 125u);
  }
  // A source without sound gets it after its other streams.
  a.source.clear();
  a.sound = {};
  a.out = at("mute.mp4");
  assemble(a);
  EXPECT_FALSE(probe(at("mute.mp4")).audio);
  a.source = at("mute.mp4");
  a.out = at("o.mp4");
  a.sound = CopiedSound{speech("a.m4a", 44100)};
  assemble(a);
  EXPECT_EQ(probe(at("o.mp4")).audio->stream, 1);
}

TEST_F(Assemble, LateAndTurnedPicturesStaySo) {
  if (!test::ffmpeg("-f lavfi -i testsrc2=s=96x64:r=25:d=3 -f lavfi -i sine=d=4 -af adelay=0 -c:v "
                    "libx264 -bf 2 -c:a aac -output_ts_offset 0.4 " +
                    at("late.mp4")))
    GTEST_SKIP() << "the ffmpeg program is not installed";
  for (const char* out : {"o.mp4", "o.mkv"}) {
    Assembly a = pictures_of(at("late.mp4"), out);
    a.pictures.rotation = 270;
    a.sound = generated(tone_from(1.5, 3.0));
    assemble(a);
    const auto want = times_of(at("late.mp4")), got = times_of(at(out));
    ASSERT_EQ(got.size(), want.size()) << out;
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1.1e-3) << out << i;
    EXPECT_NEAR(onset_of(read_audio(at(out), 0, false)), 1.5, 0.002) << out;
    if (std::string(out) == "o.mp4") {
      EXPECT_EQ(probe(at(out)).video->rotation, 270);
    }
  }
}

TEST_F(Assemble, WhatCannotBe) {
  Assembly a = pictures_of(avatar, "o.mp4", 200);
  std::ofstream(at("there.mp4")) << "x";
  const auto code = [&](const std::string& out, bool overwrite, Sound sound) {
    Assembly b = a;
    b.out = at(out);
    b.overwrite = overwrite;
    b.sound = std::move(sound);
    return code_of([&] { assemble(b); });
  };
  const std::string mp3 = speech("a.mp3", 44100);
  EXPECT_EQ(code("there.mp4", false, {}), Code::kOutputExists);
  EXPECT_EQ(code("o.avi", true, {}), Code::kBadValue);
  EXPECT_EQ(code("o.webm", true, {}), Code::kUnsupportedKind);
  EXPECT_EQ(code("o.mp4", true, CopiedSound{speech("a.wav", 16000)}), Code::kUnsupportedKind);
  EXPECT_EQ(code("o.mp4", true, CopiedSound{at("absent.mp3")}), Code::kNotFound);
  {
    Assembly mute = a;
    mute.source.clear();
    mute.out = at("mute.mp4");
    assemble(mute);
  }
  EXPECT_EQ(code("o.mp4", true, CopiedSound{at("mute.mp4")}), Code::kNoAudio);
  const auto broken = [](Pcm&) -> bool { throw Error(Code::kCancelled, "stop"); };
  EXPECT_EQ(code("o.mp4", true, generated(broken)), Code::kCancelled);
  EXPECT_FALSE(fs::exists(at("o.mp4")));
  a.source = at("absent.mp4");
  EXPECT_EQ(code("o.mp4", true, {}), Code::kNotFound);
}

TEST_F(Assemble, BytesRepeat) {
  for (const char* out : {"o.mp4", "o.mkv"}) {
    Assembly a = pictures_of(avatar, out);
    std::string bytes[2];
    for (std::string& b : bytes) {
      a.sound = generated(tone_from(0, 2));
      assemble(a);
      std::ifstream in(at(out), std::ios::binary);
      b.assign(std::istreambuf_iterator<char>(in), {});
    }
    EXPECT_TRUE(bytes[0] == bytes[1]) << out;
  }
}

}  // namespace
}  // namespace vl::media
