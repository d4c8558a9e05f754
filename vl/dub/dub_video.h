#pragma once

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/pipeline/stage_cache.h"

namespace vl::dub {

/// The chain "dub": source speech -> RVC -> prompt; text + prompt -> VALL-E X; FastPitch plans
/// beside it; fit; Wav2Lip; encode.
/// @param record is filled as far as the dub came, also when it throws
/// @throws Error; no output file is left then
void dub_video(const DubConfig& config, ModelSet& models, pipeline::StageCache& cache,
               const JobEnvironment& environment, WarningList& warnings, DubRecord& record);

}  // namespace vl::dub
