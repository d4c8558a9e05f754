#pragma once

#include <memory>
#include <string>

#include "vl/media/probe.h"
#include "vl/media/video_frame.h"

namespace vl::media {

struct EncoderOptions {
  std::string video_codec = "auto";  ///< auto h264 hevc vp9; auto: the source's family where there
                                     ///< is an encoder, else H.264; VP9 in WebM
  std::string encoder = "auto";      ///< auto software nvenc; auto: nvenc where it opens
  std::string pix_fmt = "source";    ///< or FFmpeg's name
  int crf = 18;                      ///< 0..51; 0 with H.264 software is lossless
  int threads = 0;                   ///< of the encoder; 0: its own choice
};

/// What pictures are encoded with.
struct EncoderChoice {
  std::string encoder;          ///< FFmpeg's name: "libx264", "hevc_nvenc"
  std::string codec;            ///< "h264", "hevc", "vp9"
  std::string pix_fmt;          ///< the source's, or 4:2:0 of its depth where it has no other
  int width = 0, height = 0;    ///< of the coded picture: up to even numbers where it has to be
  bool hardware = false;        ///< then the bytes depend on the device
  bool alpha_dropped = false;   ///< the source has alpha, the encoder not
  bool pixels_changed = false;  ///< pix_fmt is another than the source's
  bool size_changed = false;    ///< the right column or the lowest row stands there twice
  int turned = 0;  ///< degrees clockwise by which pictures are turned, in Matroska and WebM, which
                   ///< do not say a rotation
  std::string summary;  ///< all that decides about the bytes besides the pictures, for cache keys:
                        ///< "libx264 yuv420p 640x360 crf 18 gop 50 tv bt709 …"
};

/// @param out_name says the container  @param pictures as coded: size, pix_fmt, fps, time base
/// @param source_codec of the pictures: "h264"
/// @throws Error kBadValue (extension, an unknown word), kUnsupportedKind (no encoder, the
/// container does not take it, no such pixel format), kNoSuchGpu (nvenc asked for, not there)
EncoderChoice choose_encoder(const std::string& out_name, const VideoInfo& pictures,
                             const std::string& source_codec, const EncoderOptions& options);

/// Encodes a run of pictures into a packet file for assemble(): it starts with a key frame and
/// refers to nothing outside. A key frame at most every 2 s; range, primaries, transfer, matrix,
/// chroma location and sample aspect of `pictures`, and the light levels of the first picture, are
/// kept. The same input gives the same bytes (software, the same thread count).
class SegmentEncoder {
 public:
  /// @param path of the packet file; it appears on close(), over one that is there
  /// @throws Error as choose_encoder(), AtomicFile
  SegmentEncoder(const std::string& path, const std::string& out_name, const VideoInfo& pictures,
                 const std::string& source_codec, const EncoderOptions& options);
  ~SegmentEncoder();
  SegmentEncoder(SegmentEncoder&&) noexcept;
  SegmentEncoder& operator=(SegmentEncoder&&) noexcept;

  const EncoderChoice& choice() const;
  /// In order of time; its times are in pictures.time_base. @throws Error kBadValue (another size,
  /// times that do not grow), kDiskFull, kNotWritable
  void write(const VideoFrame& frame);
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vl::media
