#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vl/media/probe.h"
#include "vl/media/video_frame.h"

namespace vl::media {

struct ReadOptions {
  int threads = 0;  ///< of the decoder; 0: its own choice
  int rotate = 0;   ///< degrees clockwise besides what the file says: 0, 90, 180 or 270
};

/// Decodes the picture stream of a file, frame by frame, in presentation order. A still picture is
/// one frame. A picture that does not decode is left out; the others keep their times.
class VideoReader {
 public:
  /// @throws Error as probe(), kNoVideo, kBadPicture, kBadValue (rotate)
  explicit VideoReader(const std::string& path, const ReadOptions& options = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  /// video->rotation has the option's degrees in it.
  const MediaInfo& info() const;
  /// The next picture, or nothing at the end. Up to 2 % damaged frames are passed over.
  /// @throws Error(kTruncatedInput) at the end, when more than that is damaged or missing; after a
  /// seek() this is not looked at again
  std::optional<VideoFrame> next();
  /// The next picture will be the one that a run from the start gave with these two; it and those
  /// after it are the same, bit for bit (but for what stands in for damaged parts). Decodes from
  /// the key frame before it, or from the start of files that do not lead there.
  /// @throws Error(kTruncatedInput) when there is no such picture
  void seek(int64_t pts, int64_t index);
  int64_t decoded() const;  ///< index of the next picture
  int64_t damaged() const;  ///< since the start or the last seek()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The pictures of a file from the last to the first. At most 32 of them are held; long groups of
/// pictures are decoded several times.
class ReverseReader {
 public:
  /// @param pts of all pictures in their order, as a VideoReader gave them
  /// @throws Error as VideoReader
  ReverseReader(const std::string& path, const ReadOptions& options, std::vector<int64_t> pts);
  /// @return nothing after the first picture of the file
  std::optional<VideoFrame> next();

 private:
  void fill();
  bool take(size_t first);

  std::string path_;
  ReadOptions options_;
  std::vector<int64_t> pts_;
  VideoReader reader_;
  std::vector<VideoFrame> held_;  ///< in order of time; the last is next
  size_t left_;                   ///< pictures before those held
};

}  // namespace vl::media
