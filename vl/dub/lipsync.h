#pragma once

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/pipeline/stage_cache.h"

namespace vl::dub {

/// Redraws the mouth of a video or picture to given speech.
/// @param record is filled as far as the job came, also when it throws
/// @throws Error; no output file is left then, finished segments stay in the cache
void lipsync(const LipsyncConfig& config, ModelSet& models, pipeline::StageCache& cache,
             const JobEnvironment& env, WarningList& warnings, LipsyncRecord& record);

/// What --list-faces prints: {"tracks": [{face_id, first_frame, last_frame, box, score, speaking,
/// preview}]}; the previews are written to the job folder.
/// @throws Error(kNoFace)
nlohmann::ordered_json list_faces(const LipsyncConfig& config, ModelSet& models,
                                  const JobEnvironment& env, const std::string& job_dir);

}  // namespace vl::dub
