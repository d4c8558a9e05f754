#pragma once

#include <cstdint>
#include <memory>

#include "vl/dsp/f0_file.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/feature_index.h"
#include "vl/models/rvc/rvc.h"

namespace vl::stages {

/// The models of one voice conversion.
struct RvcModels {
  std::shared_ptr<const models::hubert::Hubert> content;
  std::shared_ptr<const models::rmvpe::Rmvpe> f0;  ///< null: no RMVPE
  std::shared_ptr<const models::rvc::Rvc> voice;
  std::shared_ptr<const models::rvc::FeatureIndex> index;  ///< null: no retrieval
};

/// How the pitch is found.
enum class F0Method { kRmvpe, kYin, kHarvest };

/// Where and how long tracks are cut, in samples at 16 kHz, multiples of 160 (10 ms). The defaults
/// are those of the public program in float32: 1, 6, 38 and 41 s.
struct RvcConstants {
  int64_t pad = 16000;      ///< context on each side of a chunk
  int64_t query = 96000;    ///< reach of the search for a quiet place
  int64_t center = 608000;  ///< distance of the places where cuts are looked for
  int64_t max = 656000;     ///< tracks up to this length are not cut
};

/// Rate and frame of everything in front of the synthesizer.
constexpr int64_t kRvcRate = 16000, kRvcHop = 160;

/// What a user of RVC can set (spec cli.md, group RVC).
struct RvcSettings {
  double semitones = 0.0;
  int64_t speaker = 0;
  F0Method f0_method = F0Method::kYin;
  int64_t filter_radius = 3;    ///< Harvest only: above 2, a median over three frames
  bool interpolate_f0 = false;  ///< the "2026" behaviour: no frame is unvoiced
  dsp::F0Curve f0_curve;        ///< replaces the pitch from the track's start on; empty: none
  double index_rate = 0.75;     ///< share of the retrieved features, 0..1
  double protect = 0.33;        ///< share of the retrieved features in unvoiced frames; 0.5: off
  uint64_t seed = 0;
  RvcConstants constants;
  /// False: chunks are joined as the public program does, end to end; the result is 10 to 20 ms
  /// shorter. True: every sample of the input has its sample in the result, chunks overlap by 10 ms
  /// of cross-fade, and noise and phase of the excitation go on across the cuts.
  bool exact_length = true;
};

/// @throws Error(kBadValue) for constants that are no whole frames or contradict each other
void validate(const RvcConstants& constants);

}  // namespace vl::stages
