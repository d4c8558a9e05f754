#pragma once

#include <array>
#include <memory>

#include <ATen/core/Tensor.h>

#include "vl/models/lse/lse.h"
#include "vl/models/syncnet/syncnet.h"
#include "vl/stages/sync_windows.h"

namespace vl::stages {

constexpr int64_t kSyncReach = 15;                  ///< frames to either side
constexpr size_t kSyncShifts = 2 * kSyncReach + 1;  ///< shift s is number s + kSyncReach

/// A figure for each shift s of the sound: picture window f against sound window f + s.
struct SyncSums {
  std::array<double, kSyncShifts> sum = {};
  std::array<int64_t, kSyncShifts> count = {};
  double mean(size_t shift) const;  ///< NaN without a window
};

/// Adds ||v_f - a_(f+s) + 1e-6||, zeros beyond the ends of `audio`, in float64.
/// @param video, audio [N, D] float32
void add_distances(const at::Tensor& video, const at::Tensor& audio, SyncSums& sums);

/// Adds v_f . a_(first+f+s) where that sound window exists.
/// @param video [N, D], audio [M, D] float32
void add_cosines(const at::Tensor& video, const at::Tensor& audio, int64_t first, SyncSums& sums);

/// Lip-sync error of Chung and Zisserman's network: distance and confidence, 25 pictures a second.
struct LseScores {
  double lse_d = 0;    ///< least mean distance over the shifts
  double lse_c = 0;    ///< median of the mean distances minus the least
  int64_t offset = 0;  ///< frames of 40 ms by which the sound is late (the public program prints
                       ///< the negative of it)
};
LseScores lse_scores(const SyncSums& sums);

/// Cosine of the Wav2Lip expert at shift 0, and the shift with the largest (the one nearest to 0 of
/// equal ones): frames by which the sound is late.
struct ExpertScores {
  double cosine = 0;
  int64_t offset = 0;
};
ExpertScores expert_scores(const SyncSums& sums);

/// LSE-D, LSE-C and offset as joonson/syncnet_python computes them, over one or more runs of face
/// crops. Each run is cut from the clip with its sound, as there; distances are averaged over the
/// windows of all runs.
class LseMeter {
 public:
  explicit LseMeter(std::shared_ptr<const models::lse::Lse> net);

  /// The next picture of the run. @param crop 224 x 224 B G R
  void push(const media::Image& crop);
  /// The run's sound; a run counts min(pictures, floor(samples / 640)) - 5 windows, maybe none.
  /// @param wave [T] float32 at 16 kHz that starts with the first picture
  void end_run(const at::Tensor& wave);
  const SyncSums& sums() const { return sums_; }
  /// Windows so far; scores are there from the first.
  int64_t windows() const { return windows_; }

 private:
  at::Tensor embed_sound(const at::Tensor& wave, int64_t windows) const;

  std::shared_ptr<const models::lse::Lse> net_;
  PictureWindows pictures_;
  SyncSums sums_;
  int64_t windows_ = 0;
};

/// dsp::wav2lip_mel of a long wave, a minute at a time, so that memory follows the result; equal to
/// that of the whole wave to float32 rounding.
/// @param wave [T] float32, at least 401 samples
at::Tensor mel_in_blocks(const at::Tensor& wave);

/// The in-engine check: cosine of the Wav2Lip expert for each five pictures and the mel window of
/// the same time, 16 columns from int(80 f / 25).
class ExpertMeter {
 public:
  /// @param mel [80, T] of the clip's sound from the first picture on (dsp::wav2lip_mel)
  ExpertMeter(std::shared_ptr<const models::syncnet::SyncNet> net, const at::Tensor& mel);

  /// The next picture of the run. @param face 96 x 96 B G R: the face box without pads
  void push(const media::Image& face);
  /// @param first the frame of the run's first picture
  void end_run(int64_t first);
  const SyncSums& sums() const { return sums_; }
  int64_t windows() const { return windows_; }

 private:
  std::shared_ptr<const models::syncnet::SyncNet> net_;
  at::Tensor audio_;  ///< [M, D], one a frame
  PictureWindows pictures_;
  SyncSums sums_;
  int64_t windows_ = 0;
};

}  // namespace vl::stages
