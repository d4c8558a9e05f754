#pragma once

#include <string>

#include "vl/weights/checkpoint.h"

namespace vl::models::wav2lip {

/// The state dict of a checkpoint of the Wav2Lip family: its entry "state_dict" or the root,
/// without "module."; empty where there is none.
weights::StateDict family_tensors(const weights::Checkpoint& checkpoint);

/// What these tensors are, for messages: "a Wav2Lip generator", "a face detector", ..., "another
/// kind of model".
std::string kind_of(const weights::StateDict& tensors);

/// @throws Error(kWrongModelKind) "FILE is KIND, not WANTED"
[[noreturn]] void wrong_kind(const weights::Checkpoint& checkpoint,
                             const weights::StateDict& tensors, const std::string& wanted);

/// The tensors as float32, without the counters of BatchNorm.
weights::StateDict trained_values(const weights::StateDict& tensors);

}  // namespace vl::models::wav2lip
