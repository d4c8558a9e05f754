#pragma once

// Internal to the *_media.cc files: a container being written, and a sound track in it.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vl/core/file.h"
#include "vl/media/av_handles.h"

namespace vl::media {

/// FFmpeg's name of the video container that the name of an output says. @throws Error(kBadValue)
const char* container_of(const std::string& path);

struct FreeOutput {
  void operator()(AVFormatContext* c) const {
    if (c->pb != nullptr) avio_closep(&c->pb);
    avformat_free_context(c);
  }
};

/// A file of one of FFmpeg's containers that appears at its name on close(); before that, nothing
/// stays. The same packets make the same bytes.
class Muxer {
 public:
  /// @param format FFmpeg's name  @throws Error as AtomicFile
  Muxer(const std::string& path, const char* format, bool overwrite);

  AVFormatContext& context() { return *output_; }
  const std::string& path() const { return path_; }
  /// mp4, mov, m4a: samples before time 0 are hidden by an edit list.
  bool edit_lists() const;
  bool matroska() const;
  /// The source's tags, without those that describe its container.
  void copy_tags(const AVFormatContext& input);
  /// Opens the file and writes the header; all streams are there.
  void start(const std::map<std::string, std::string>& options = {});
  /// Takes the packet over, in order of time among the streams. @param base of its times
  void write(AVPacket& packet, const AVStream& stream, AVRational base);
  void close();
  /// FFmpeg's answers as errors. @throws Error(kDiskFull, kNotWritable)
  void check(int result, const char* what) const;

 private:
  std::string path_;
  AtomicFile file_;
  std::unique_ptr<AVFormatContext, FreeOutput> output_;
};

/// The nearest higher rate the encoder takes, else its highest.
int64_t supported_rate(const AVCodec& codec, int64_t rate);
/// The encoder for a track of the container: of the family ("aac", "mp3", "pcm_s16le") where there
/// is one and the container holds it, else AAC, Opus in WebM. @throws Error(kUnsupportedKind)
const AVCodec& sound_encoder(const AVOutputFormat& format, const std::string& family);
/// Bits a second of a new track: at least the source's and 96 kb/s a channel, at most 256.
int64_t sound_bit_rate(int64_t source, int64_t channels);

/// Encodes float sound into one stream of a container.
class SoundTrack {
 public:
  /// Adds the stream. @param like its rate (the nearest supported one is taken), layout, channels
  /// @throws Error(kUnsupportedKind)
  SoundTrack(Muxer& muxer, const AVCodec& codec, const AudioInfo& like, int64_t bit_rate);

  AVStream& stream() const { return *stream_; }
  int64_t rate() const { return encoder_->sample_rate; }
  int64_t channels() const { return encoder_->ch_layout.nb_channels; }
  int64_t frames() const { return frames_; }  ///< written so far
  /// Interleaved samples at rate(). One channel is placed equally in left and right, or in the
  /// centre of layouts that have one. @param channels 1 or channels()
  void write(const float* samples, int64_t frames, int64_t channels);
  void finish();

 private:
  void encode(const float* samples, int64_t frames);
  void send(const AVFrame* frame);
  void open(const AVCodec& codec, const AudioInfo& like, int64_t bit_rate);

  Muxer& muxer_;
  CodecContext encoder_;
  AVStream* stream_ = nullptr;
  PacketPtr packet_{av_packet_alloc()};
  std::vector<float> pending_;  ///< interleaved, as the encoder's channels
  std::vector<bool> speaks_;    ///< channels that carry one-channel sound
  int64_t frames_ = 0, sent_ = 0;
  bool drop_padding_ = false;
};

}  // namespace vl::media
