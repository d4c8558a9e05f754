#pragma once

// Internal to the *_media.cc files: the pictures of packet files in a row.

#include <optional>
#include <string>
#include <vector>

#include "vl/media/packet_file.h"

namespace vl::media {

class PictureFeed {
 public:
  /// Reads every file once, to check it and to learn the presentation times.
  /// @throws Error(kBadValue) for files that overlap in time or do not fit each other, or none;
  /// as PacketFileReader
  PictureFeed(std::vector<std::string> segments, const VideoInfo& pictures);

  const PacketStream& stream() const { return *stream_; }
  int64_t count() const { return static_cast<int64_t>(sorted_.size()); }
  int64_t reorder() const { return reorder_; }  ///< pictures that a decoder holds back
  /// Reads the next packet; its decoding time is a presentation time `reorder` pictures before: it
  /// grows and is not after its own. @return that time in seconds, infinity at the end
  double read();
  double time() const { return time_; }
  AVPacket& packet() { return *packet_; }

 private:
  void scan(const std::string& path);

  std::vector<std::string> segments_;
  int64_t step_;  ///< between pictures before the first
  std::optional<PacketStream> stream_;
  std::vector<int64_t> sorted_;  ///< presentation times of all pictures
  int64_t reorder_ = 0;
  size_t segment_ = 0, index_ = 0;
  std::optional<PacketFileReader> reader_;
  PacketPtr packet_{av_packet_alloc()};
  double time_ = 0.0;
};

}  // namespace vl::media
