#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/paths.h"
#include "vl/media/muxer.h"
#include "vl/media/video_reader.h"
#include "vl/media/wav.h"

namespace vl::test {

using namespace media;

constexpr int64_t kRate = 40000;  ///< of tone_from()

struct Packet {
  std::string bytes;
  double pts, dts, duration;
  int flags;
};

inline std::vector<Packet> packets_of(const std::string& path, int stream) {
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

inline void expect_same_packets(const std::string& a, int stream_a, const std::string& b,
                                int stream_b, double tolerance) {
  const auto want = packets_of(a, stream_a), got = packets_of(b, stream_b);
  ASSERT_EQ(got.size(), want.size()) << b;
  ASSERT_GT(got.size(), 0u) << b;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(got[i].bytes == want[i].bytes) << b << " packet " << i;
    EXPECT_NEAR(got[i].pts, want[i].pts, tolerance) << b << " packet " << i;
    EXPECT_EQ(got[i].flags & AV_PKT_FLAG_KEY, want[i].flags & AV_PKT_FLAG_KEY) << b << i;
  }
}

inline std::string tag(const AVDictionary* tags, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(tags, key, nullptr, 0);
  return entry != nullptr ? entry->value : "";
}

inline std::vector<double> times_of(const std::string& path) {
  VideoReader reader(path, {.threads = 1});
  std::vector<double> out;
  while (auto frame = reader.next()) out.push_back(frame->time_s());
  return out;
}

/// Silence with a 1 kHz tone from `onset` on, in blocks of odd size.
inline std::function<bool(Pcm&)> tone_from(double onset, double seconds) {
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

inline double onset_of(const Pcm& pcm) {
  int64_t i = 0;
  while (i < pcm.frames() && std::fabs(pcm.samples[static_cast<size_t>(i * pcm.channels)]) < 0.15F)
    ++i;
  return static_cast<double>(i) / static_cast<double>(pcm.rate);
}

/// The demo clip with a second sound track, subtitles, a chapter, tags, and a font in Matroska.
inline std::string rich_source(const std::string& path) {
  const std::string avatar = source("assets/demo/avatar.mp4").string();
  const InputContext input = open_input(avatar);
  Muxer muxer(path, container_of(path), true);
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
  return path;
}

}  // namespace vl::test
