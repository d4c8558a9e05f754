#include "vl/media/replace_audio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "tests/media/support.h"
#include "tests/support/paths.h"
#include "vl/media/audio.h"
#include "vl/media/muxer.h"
#include "vl/media/video_reader.h"
#include "vl/media/video_writer.h"

namespace vl::media {
namespace {

namespace fs = std::filesystem;
using test::code_of;

constexpr int64_t kRate = 40000;

struct Packet {
  std::string bytes;
  double pts, dts, duration;
  int flags;
};

std::vector<Packet> packets_of(const std::string& path, int stream) {
  const InputContext input = open_input(path);
  const PacketPtr packet(av_packet_alloc());
  std::vector<Packet> out;
  const double base = av_q2d(input->streams[stream]->time_base);
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    if (packet->stream_index == stream)
      out.push_back({std::string(reinterpret_cast<const char*>(packet->data),
                                 static_cast<size_t>(packet->size)),
                     static_cast<double>(packet->pts) * base,
                     static_cast<double>(packet->dts) * base,
                     static_cast<double>(packet->duration) * base, packet->flags});
    av_packet_unref(packet.get());
  }
  return out;
}

void expect_same_packets(const std::string& a, int stream_a, const std::string& b, int stream_b,
                         double tolerance) {
  const auto want = packets_of(a, stream_a), got = packets_of(b, stream_b);
  ASSERT_EQ(got.size(), want.size()) << b;
  ASSERT_GT(got.size(), 0u) << b;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(got[i].bytes == want[i].bytes) << b << " packet " << i;
    EXPECT_NEAR(got[i].pts, want[i].pts, tolerance) << b << " packet " << i;
    EXPECT_EQ(got[i].flags & AV_PKT_FLAG_KEY, want[i].flags & AV_PKT_FLAG_KEY) << b << i;
  }
}

std::string tag(const AVDictionary* tags, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(tags, key, nullptr, 0);
  return entry != nullptr ? entry->value : "";
}

std::vector<double> times_of(const std::string& path) {
  VideoReader reader(path, {.threads = 1});
  std::vector<double> out;
  while (auto frame = reader.next()) out.push_back(frame->time_s());
  return out;
}

/// Silence with a 1 kHz tone from `onset` on, in blocks of odd size.
std::function<bool(Pcm&)> tone_from(double onset, double seconds) {
  return [=, at = int64_t{0}](Pcm& block) mutable {
    const int64_t end = std::llround(seconds * kRate), count = std::min<int64_t>(1237, end - at);
    if (count <= 0) return false;
    block.rate = kRate;
    for (int64_t i = at; i < at + count; ++i) {
      const double t = static_cast<double>(i) / kRate - onset;
      block.samples.push_back(t < 0 ? 0.0F : 0.4F * std::sin(static_cast<float>(6283.185 * t)));
    }
    at += count;
    return true;
  };
}

double onset_of(const Pcm& pcm) {
  int64_t i = 0;
  while (i < pcm.frames() && std::fabs(pcm.samples[static_cast<size_t>(i * pcm.channels)]) < 0.15F)
    ++i;
  return static_cast<double>(i) / static_cast<double>(pcm.rate);
}

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
    VideoWriter writer(at(name), info, {.crf = 40, .overwrite = true});
    const Pcm sound{std::vector<float>(1920, 0.1F), 48000, 1};
    for (int i = 0; i < frames; ++i) {
      writer.write_video(*reader.next());
      writer.write_audio(sound);
    }
    writer.close();
    return at(name);
  }
  std::string rich_source(const std::string& name);
};

/// The demo clip with a second sound track, subtitles, a chapter, tags, and a font in Matroska.
std::string Replace::rich_source(const std::string& name) {
  const InputContext input = open_input(avatar);
  Muxer muxer(at(name), container_of(name), true);
  AVFormatContext& output = muxer.context();
  const bool matroska = muxer.matroska();
  std::vector<AVStream*> streams;
  const auto add = [&](AVMediaType type, AVCodecID codec, const AVStream* like) {
    AVStream* stream = avformat_new_stream(&output, nullptr);
    if (like != nullptr) avcodec_parameters_copy(stream->codecpar, like->codecpar);
    stream->codecpar->codec_type = type;
    stream->codecpar->codec_id = codec;
    stream->codecpar->codec_tag = 0;
    stream->time_base = like != nullptr ? like->time_base : AVRational{1, 1000};
    streams.push_back(stream);
  };
  for (const int i : {0, 1, 1})
    add(input->streams[i]->codecpar->codec_type, input->streams[i]->codecpar->codec_id,
        input->streams[i]);
  add(AVMEDIA_TYPE_SUBTITLE, matroska ? AV_CODEC_ID_SUBRIP : AV_CODEC_ID_MOV_TEXT, nullptr);
  if (matroska) {
    add(AVMEDIA_TYPE_ATTACHMENT, AV_CODEC_ID_TTF, nullptr);
    auto* font = static_cast<uint8_t*>(av_mallocz(64 + AV_INPUT_BUFFER_PADDING_SIZE));
    streams[4]->codecpar->extradata = font;
    streams[4]->codecpar->extradata_size = 64;
    av_dict_set(&streams[4]->metadata, "filename", "a.ttf", 0);
    av_dict_set(&streams[4]->metadata, "mimetype", "application/x-truetype-font", 0);
  }
  streams[1]->disposition = AV_DISPOSITION_DEFAULT;
  streams[2]->disposition = 0;
  av_dict_set(&streams[1]->metadata, "language", "ger", 0);
  av_dict_set(&streams[2]->metadata, "language", "ita", 0);
  av_dict_set(&output.metadata, "title", "Rich", 0);
  output.chapters = static_cast<AVChapter**>(av_calloc(1, sizeof(AVChapter*)));
  output.chapters[output.nb_chapters++] = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
  AVChapter& chapter = *output.chapters[0];
  chapter.id = 1;
  chapter.time_base = {1, 1000};
  chapter.start = 500;
  chapter.end = 4000;
  av_dict_set(&output.chapters[0]->metadata, "title", "Middle", 0);
  muxer.start();
  const PacketPtr packet(av_packet_alloc()), copy(av_packet_alloc());
  const std::string text = matroska ? "Hello" : std::string("\0\5Hello", 7);
  av_new_packet(copy.get(), static_cast<int>(text.size()));
  std::memcpy(copy->data, text.data(), text.size());
  copy->pts = copy->dts = 1000;
  copy->duration = 1500;
  muxer.write(*copy, *streams[3], {1, 1000});
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    const int index = packet->stream_index;
    const AVRational base = input->streams[index]->time_base;
    if (index == 1) {
      av_packet_ref(copy.get(), packet.get());
      muxer.write(*copy, *streams[2], base);
    }
    muxer.write(*packet, *streams[static_cast<size_t>(index)], base);
  }
  muxer.close();
  return at(name);
}

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
    const std::string source = rich_source(row.source), text = row.source + std::string(row.out);
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
