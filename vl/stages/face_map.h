#pragma once

#include <deque>
#include <string>
#include <vector>

#include "vl/pipeline/run_state.h"
#include "vl/stages/face_place.h"

namespace vl::stages {

/// What the search for faces found on every frame of a video, and the frames' times. One thread
/// writes, others may read what is there and wait for what is not.
class FaceMap {
 public:
  struct Frame {
    int64_t pts = 0, duration = 0;  ///< in the stream's time base
    std::vector<Placement> faces;
  };
  /// Counts of the whole video, once it is finished.
  struct Counts {
    int64_t with_face = 0, tracks = 0, cuts = 0, detector_calls = 0;
  };

  explicit FaceMap(pipeline::RunState& run) : run_(run) {}

  void push(Frame frame);
  void finish(const Counts& counts);

  /// Waits for frame `index`. @return null behind the last one @throws RunState::Stopped
  const Frame* at(int64_t index);
  /// Waits until all is known. @throws RunState::Stopped
  int64_t count();
  Counts counts();

  /// A finished map as bytes, and back. @throws Error(kNotDecodable) for damaged ones
  std::string save();
  void load(const std::string& bytes);

 private:
  pipeline::RunState& run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Frame> frames_;  ///< a deque: readers keep pointers while it grows
  Counts counts_;
  bool finished_ = false;
};

}  // namespace vl::stages
