#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "vl/stages/face_finder.h"

namespace vl::stages {

/// One face of one frame, with the number of the track that it belongs to.
struct Sighting {
  int track = 0;
  FoundFace face;
  float mouth = 0.0F;  ///< movement of the mouth since the frame before, grey levels
};

/// Everything seen on one frame.
struct SeenFrame {
  bool cut = false;  ///< a new shot begins here
  std::vector<Sighting> faces;
};

/// A face's mouth and the part above it as small grey pictures, for mouth movement.
struct MouthPatch {
  static constexpr int kColumns = 16, kMouthRows = 8, kUpperRows = 8;
  std::array<uint8_t, static_cast<size_t>(kColumns) * (kMouthRows + kUpperRows)> grey = {};
};
/// @param luma one channel, the picture whose pixels the face counts in
MouthPatch mouth_patch(const media::Image& luma, const FoundFace& face);
/// Mean change of the mouth, less that of the part above it (the head moved, the light changed); 0
/// or more.
float mouth_movement(const MouthPatch& before, const MouthPatch& after);

/// Links the finds of a video into tracks, frame by frame: boxes of IoU 0.3 or more inside a shot.
/// Frames between two finds that were not looked at follow the picture's motion, corrected so that
/// they meet the second; gaps of at most kBridged frames without a face are interpolated; a face
/// that comes back to its old place in the same shot keeps its number. Results come some frames
/// late.
class FaceTracks {
 public:
  static constexpr int64_t kBridged = 5;

  /// @param every distance of frames that are looked at, to know how far back results can change
  explicit FaceTracks(int64_t every) : delay_(kBridged + every) {}

  /// Where a face of the frame before is now; nothing: unknown, it stays.
  using Move = std::function<std::optional<FoundFace>(const FoundFace&)>;

  /// The next frame, looked at. @param cut it begins a new shot
  void look(const std::vector<FoundFace>& finds, const media::Image& luma, bool cut,
            const Move& move);
  /// The next frame, not looked at.
  void follow(const media::Image& luma, const Move& move);
  /// There are no more frames.
  void finish();
  /// The next frame that nothing can change any more.
  std::optional<SeenFrame> pop();
  /// Tracks so far.
  int count() const { return next_track_; }

 private:
  struct Step {
    FoundFace face;
    float mouth = 0.0F;
  };
  struct Track {
    int number = 0;
    int64_t last = 0;  ///< frame of the last find
    FoundFace found;
    std::vector<Step> path;  ///< followed since
    int missed = 0;          ///< looks since, without a find
    MouthPatch patch;
    int64_t patch_frame = -1;
    const FoundFace& now() const { return path.empty() ? found : path.back().face; }
  };
  Track* match(const FoundFace& face, const std::vector<const Track*>& taken);
  void fill_gap(const Track& track, const FoundFace& face);
  void add(int64_t frame, const Track& track, const FoundFace& face, float mouth);
  float movement(Track& track, const media::Image& luma, const FoundFace& face);
  void forget_lost();
  void end_shot();

  int64_t delay_;
  int next_track_ = 0;
  int64_t first_ = 0, count_ = 0, final_ = 0;  ///< frame of frames_[0]; pushed; cannot change
  std::deque<SeenFrame> frames_;
  std::vector<Track> tracks_;  ///< of this shot
};

}  // namespace vl::stages
