#pragma once

#include <functional>
#include <string>

#include "vl/core/trace.h"
#include "vl/core/warning.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"

namespace vl::dub {

/// What the caller gives a dub beside its options.
struct DubEnvironment {
  std::string job;
  uint64_t seed = 0;
  int threads = 0;  ///< of encoder and decoder; 0: their choice
  bool overwrite = false;
  std::string assets_dir;
  Trace* trace = nullptr;  ///< gets one span a stage and one a chunk, where given
  std::function<bool()> cancelled = {};
  std::function<void(const std::string& stage, bool start)> on_stage = {};
  std::function<void(const std::string& stage, int64_t done, int64_t total,
                     const std::string& unit)>
      on_progress = {};
};

/// The chain "dub": source speech -> RVC -> prompt; text + prompt -> VALL-E X; FastPitch plans
/// beside it; fit; Wav2Lip; encode.
/// @param record is filled as far as the dub came, also when it throws
/// @throws Error; no output file is left then
void dub_video(const DubConfig& config, ModelSet& models, const DubEnvironment& environment,
               WarningList& warnings, DubRecord& record);

}  // namespace vl::dub
