#pragma once

// Internal to the *_media.cc files: encoded pictures on their way from an encoder to a container.
// A packet file is a header (the stream's parameters), packets, and the SHA-256 of both. Numbers
// are little-endian; the same packets make the same bytes.

#include <fstream>
#include <string>
#include <string_view>

#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/media/av_handles.h"

namespace vl::media {

using ParametersPtr = std::unique_ptr<AVCodecParameters, FreeByPointer<avcodec_parameters_free>>;

/// What a container has to know of the stream.
struct PacketStream {
  ParametersPtr parameters{avcodec_parameters_alloc()};
  AVRational time_base{0, 1};
  std::string mastering, light;  ///< FFmpeg's records of the display and of the light levels, or ""
};

class PacketFileWriter {
 public:
  /// Replaces a file that is there. @throws as AtomicFile
  explicit PacketFileWriter(const std::string& path);
  void write_header(const PacketStream& stream);  ///< once, before the packets
  void write(const AVPacket& packet);
  void close();

 private:
  void put(std::string_view bytes);

  AtomicFile file_;
  Sha256 sum_;
  uint64_t packets_ = 0;
};

/// Reads a packet file once, from the start.
class PacketFileReader {
 public:
  /// @throws Error(kNotFound), Error(kTruncatedInput) for a damaged or foreign file
  explicit PacketFileReader(const std::string& path);

  const PacketStream& stream() const { return stream_; }
  /// False at the end. @throws Error(kTruncatedInput) when the sum is not that of the bytes
  bool read(AVPacket& packet);

 private:
  std::string take(uint64_t size);
  int64_t number(int bytes);
  std::string text();
  void read_header();
  [[noreturn]] void damaged() const;

  std::string path_;
  std::ifstream file_;
  uint64_t left_ = 0;  ///< bytes of the file
  Sha256 sum_;
  PacketStream stream_;
  uint64_t packets_ = 0;
  bool ended_ = false;
};

}  // namespace vl::media
