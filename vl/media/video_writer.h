#pragma once

#include <memory>
#include <string>

#include "vl/media/probe.h"
#include "vl/media/video_reader.h"
#include "vl/media/wav.h"

namespace vl::media {

struct WriterOptions {
  std::string video_codec = "auto";  ///< auto h264 hevc vp9; auto is the source's family where an
                                     ///< encoder and the container have it
  int crf = 18;                      ///< 0 with H.264 is lossless
  bool overwrite = false;
  int threads = 0;  ///< of the encoder; 0: its own choice
};

/// Does the name of an output say a container that can be written? @throws Error(kBadValue)
void check_container(const std::string& path);

/// Writes pictures of a source (their timestamps kept) and one sound track: size, time base,
/// aspect, rotation, colour tags and tags as the source has them. Packets are written as they come;
/// the file appears at its name on close().
class VideoWriter {
 public:
  /// @param path .mp4 .mov .mkv or .webm
  /// @throws Error kBadValue (extension), kOutputExists, kNotWritable, kUnsupportedKind
  VideoWriter(const std::string& path, const MediaInfo& source, const WriterOptions& options);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  /// In order of their timestamps. @throws Error kDiskFull, kNotWritable
  void write_video(const VideoFrame& frame);
  /// Appends mono sound at audio_rate(); it is placed equally in left and right, or in the centre
  /// of layouts that have one.
  void write_audio(const Pcm& mono);
  int64_t audio_rate() const;
  /// Flushes the encoders, finishes the container, renames.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
