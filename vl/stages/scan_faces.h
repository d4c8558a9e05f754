#pragma once

#include <deque>
#include <optional>

#include "vl/media/video_frame.h"
#include "vl/stages/face_choice.h"
#include "vl/stages/face_map.h"
#include "vl/stages/point_tracker.h"
#include "vl/stages/scene_cut.h"

namespace vl::stages {

struct ScanOptions {
  double min_score = 0.6;
  int64_t every = 1;     ///< frames from one look to the next
  int64_t duration = 1;  ///< of a picture whose own is not known, in the stream's time base
  int64_t shrink = 1;    ///< pictures are looked at at this part of their size
  std::optional<media::Rect> search;  ///< the part of the picture where faces are looked for
  ChoiceOptions choice;               ///< width and height are set here
  PlaceOptions place;                 ///< the scales are set here
};

/// One face of --list-faces.
struct TrackSummary {
  int track = 0;
  int64_t first = 0, last = 0;
  FoundFace best;  ///< the clearest find, picture pixels
  int64_t best_frame = 0;
  std::vector<float> mouth, speech;  ///< of every frame it is on
  media::Image preview;              ///< of best_frame, small
};

/// Finds the faces of a video frame by frame: cuts, the detector on every n-th frame and at cuts,
/// the motion between, tracks, the choice among them; the places go to a FaceMap some frames late.
class ScanFaces {
 public:
  ScanFaces(const FaceFinder& finder, const ScanOptions& options, FaceMap& map);

  /// In order of time.
  void push(const media::VideoFrame& frame);
  /// All frames are there, and go to the map.
  void end();
  /// After end(): the map is finished too, and who waits for more learns that there is none.
  void finish() { map_.finish(counts_); }

  int64_t frames() const { return frames_; }
  const FaceMap::Counts& counts() const { return counts_; }
  /// The highest score of any find, and its frame.
  float best_score() const { return best_score_; }
  int64_t best_frame() const { return best_frame_; }
  /// The picture of it, as it was looked at; only until the first face.
  const media::Image& best_picture() const { return best_picture_; }
  /// Keeps what --list-faces shows; before the first push().
  void list_tracks() { listed_.emplace(); }
  const std::map<int, TrackSummary>& tracks() const { return *listed_; }

 private:
  struct Time {
    int64_t pts, duration;
  };
  media::Image look_at(const media::VideoFrame& frame);
  std::vector<FoundFace> find(const media::Image& small);
  void list(const SeenFrame& frame);
  void drain();

  const FaceFinder& finder_;
  ScanOptions o_;
  FaceMap& map_;
  SceneCut cuts_;
  FaceTracks tracks_;
  std::optional<FaceChoice> choice_;
  std::optional<FacePlacer> placer_;
  std::optional<Pyramid> last_;  ///< where frames are followed
  std::deque<Time> times_;       ///< of frames that are not in the map yet
  int64_t frames_ = 0, seen_ = 0;
  FaceMap::Counts counts_;
  float best_score_ = 0;
  int64_t best_frame_ = 0;
  media::Image best_picture_;
  std::optional<std::map<int, TrackSummary>> listed_;
  std::deque<media::Image> recent_;  ///< small pictures of frames that tracks_ still holds
};

}  // namespace vl::stages
