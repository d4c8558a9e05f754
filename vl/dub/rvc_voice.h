#pragma once

#include "vl/dub/model_set.h"
#include "vl/stages/rvc_options.h"

namespace vl::dub {

/// Loads the models of a conversion: content, pitch where RMVPE is used, the voice and its index.
/// An index is loaded only when its rate is above 0; that of the voice belongs to the voice's own
/// model, not to one given by a flag.
/// @param voice null: the model of role rvc that a flag names
/// @throws Error(kModelMissing, ...); Error(kBadValue) for a speaker that the voice does not have
stages::RvcModels load_rvc(const stages::RvcOptions& options, const weights::PackVoice* voice,
                           ModelSet& models);

/// Median pitch that `--pitch auto` moves the source to, Hz; 0 for a shift in semitones.
/// @throws Error(kBadValue) when the voice does not know its pitch
double pitch_target(const stages::RvcOptions& options, const weights::PackVoice* voice);

/// The file that the public program takes for this index: "trained" in its name is replaced by
/// "added" where that file is there.
std::string added_index(const std::string& path);

}  // namespace vl::dub
