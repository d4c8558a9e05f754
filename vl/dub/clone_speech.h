#pragma once

#include <string>
#include <vector>

#include "vl/core/warning.h"
#include "vl/dub/job.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"

namespace vl::dub {

/// `voxlip clone`: text in a cloned voice, sentence by sentence, to a sound file or standard output
/// as it becomes ready.
/// @throws Error for everything that config.validate(), the text, the prompt, the models and the
/// output can be wrong in; a failed run leaves no output
void clone_speech(const CloneConfig& config, ModelSet& models, const JobEnvironment& environment,
                  WarningList& warnings, CloneRecord& record);

}  // namespace vl::dub
