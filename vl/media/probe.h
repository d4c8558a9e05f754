#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vl::media {

struct Ratio {
  int num = 0, den = 1;
  double value() const { return den != 0 ? static_cast<double>(num) / den : 0.0; }
};

struct VideoInfo {
  int stream = 0;
  std::string codec, pix_fmt, range, primaries, transfer, matrix;
  std::string chroma_location = "unspecified";  ///< FFmpeg's names: "left", "topleft"
  int width = 0, height = 0;                    ///< as coded, before rotation
  int rotation = 0;                             ///< degrees clockwise that make it upright
  Ratio fps, time_base, sar{1, 1};
  int64_t frames = 0;  ///< as the container says; 0: unknown
  bool vfr = false;    ///< the container's two frame rates differ
  bool interlaced = false;
  double start_s = 0.0;
};

/// Transfer PQ or HLG.
inline bool is_hdr(const VideoInfo& video) {
  return video.transfer == "smpte2084" || video.transfer == "arib-std-b67";
}

struct AudioInfo {
  int stream = 0;
  std::string codec, layout;
  int64_t rate = 0, channels = 0, bit_rate = 0;
};

struct MediaInfo {
  std::string path, container;
  double seconds = 0.0;
  bool whole_length = false;  ///< `seconds` is what the file says, not a guess from its size
  std::optional<VideoInfo> video;
  std::optional<AudioInfo> audio;
  int other_streams = 0;
};

/// Whether 4 h is the limit of files without pictures too.
enum class SoundLength { kLimited, kAny };

/// Reads the container's tables: the best picture stream (no cover art) and the default sound
/// stream.
/// @throws Error kNotFound, kNotDecodable, kOverLimit (4 h, 3840 x 2160 in either direction, 120
/// fps, 32 streams)
MediaInfo probe(const std::string& path, SoundLength length = SoundLength::kLimited);

/// One picture, and no stream of them.
bool is_still(const MediaInfo& info);

/// What a dub needs. @throws Error kNoVideo, kNoAudio, kUnsupportedKind (interlaced)
void require_video_and_audio(const MediaInfo& info);

}  // namespace vl::media
