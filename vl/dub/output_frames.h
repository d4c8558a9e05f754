#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vl/media/video_reader.h"
#include "vl/stages/face_map.h"

namespace vl::dub {

/// What follows when the pictures end before the sound.
enum class Extend {
  kPingpong,  ///< backward to the first picture, forward again, ...
  kLoop,      ///< from the first picture again
  kFreeze,    ///< the last picture stays
};

struct FrameOptions {
  std::string path;
  media::ReadOptions read;
  Extend extend = Extend::kPingpong;
  /// Pictures follow until this long after the first; infinity: the source's end is the end.
  double seconds = 0;
  /// Not 0: so many pictures, picture k at k ticks of the output's own time base, instead of the
  /// source's times.
  int64_t ticks = 0;
  bool still = false;  ///< with ticks: the first picture only
  double fps = 25;     ///< of ticks
};

/// One picture of the output.
struct OutputFrame {
  media::VideoFrame frame;  ///< at its time in the output
  int64_t source = 0;       ///< number of the picture in the source
  double seconds = 0;       ///< after the first picture of the output
  bool redrawn = false;     ///< set by who draws
};

/// The pictures of the output in order: those of the source, and what follows when the sound goes
/// on. They are decoded as they are asked for; their times come from `map` where a picture is shown
/// again.
class OutputFrames {
 public:
  /// @param time_base of the source
  OutputFrames(const FrameOptions& options, const media::Ratio& time_base, stages::FaceMap& map);

  /// Goes to picture `index` of the output. Only before the first next().
  void skip_to(int64_t index);
  std::optional<OutputFrame> next();

 private:
  struct Step {
    int64_t source = 0, pts = 0, duration = 0;
    double seconds = 0;
    bool backward = false, own_time = false;
  };
  std::optional<Step> step();
  Step later(int64_t count) const;
  media::VideoFrame read(const Step& step);
  void open(const Step& step);

  FrameOptions o_;
  stages::FaceMap& map_;
  double tick_s_;  ///< of the source's times
  std::unique_ptr<media::VideoReader> forward_;
  std::unique_ptr<media::ReverseReader> backward_;
  media::VideoFrame last_;
  int64_t last_source_ = -1;
  int64_t index_ = 0;  ///< of the next picture of the output
  int64_t first_pts_ = 0, next_pts_ = 0;
};

}  // namespace vl::dub
