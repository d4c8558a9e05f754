#pragma once

// Internal to the *_media.cc files: what is carried over from a source, and sound that comes in
// blocks, on their way into a container.

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vl/media/dropped_stream.h"
#include "vl/media/muxer.h"
#include "vl/media/resampler.h"
#include "vl/media/wav.h"

namespace vl::media {

constexpr double kSoundAhead = 0.5;  // seconds that sound is written before the packets beside it
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Disposition, aspect, rates and tags.
void copy_stream_properties(const AVStream& from, AVStream& to);
/// Removes the tags by which tools describe an encoding: it is another one now.
void drop_statistics(AVStream& stream);
/// @param start time 0 of the media clock on the input's own, seconds
void copy_chapters(const AVFormatContext& input, double start, Muxer& muxer);
/// Does the container hold such packets?
bool holds(const AVOutputFormat& container, const AVCodecParameters& stream);

struct CopyOptions {
  double end_s = kNever;  ///< sound from here on is left out
  bool trim_padding =
      false;  ///< sound before time 0 is left out where the container cannot hide it
};

/// Packets of a file's streams into a container, their times on the media clock.
class StreamCopy {
 public:
  /// @param start time 0 of the media clock on the input's own, seconds
  StreamCopy(AVFormatContext& input, double start, Muxer& muxer, const CopyOptions& options = {});

  /// Adds the stream to the container. Null, and a row for `dropped` if given, when it is not held;
  /// null alone for the containers' own helpers (titles of chapters, time codes).
  AVStream* add(unsigned index, std::vector<DroppedStream>* dropped);
  bool empty() const { return streams_ == 0; }
  /// Reads up to the next packet of these streams. @return its place in time, kNever at the end
  double read();
  double time() const { return time_; }
  /// Writes that packet.
  void write();
  /// Packets of a stream so far, and the end of the last of any stream in seconds.
  int64_t packets(unsigned index) const { return copied_[index].packets; }
  double end() const { return end_; }

 private:
  struct Stream {
    AVStream* to = nullptr;
    int64_t last_dts = AV_NOPTS_VALUE;
    int64_t packets = 0;
  };
  bool place(Stream& stream);

  AVFormatContext& input_;
  double start_, time_ = 0.0, end_ = 0.0;
  Muxer& muxer_;
  CopyOptions options_;
  std::vector<Stream> copied_;
  int streams_ = 0;
  PacketPtr packet_{av_packet_alloc()};
};

/// A sound stream that is encoded from blocks as far as others in the container have come.
class SoundFeed {
 public:
  using Next = std::function<bool(Pcm& block)>;
  /// Adds the stream. @param track codec (family), rate, layout, channels, bit rate
  /// @param rate,channels of the blocks; 1 channel, or as many as the track has
  SoundFeed(Muxer& muxer, const AudioInfo& track, const Next& next, int64_t rate, int64_t channels);

  SoundTrack& track() { return track_; }
  std::string codec() const;
  std::string layout() const;
  void write_until(double seconds);
  void finish();

 private:
  SoundTrack track_;
  const Next& next_;
  Resampler resampler_;
  int64_t channels_;
  Pcm block_;
  bool ended_ = false;
};

}  // namespace vl::media
