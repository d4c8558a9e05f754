#pragma once

#include <torch/nn/module.h>

#include "vl/weights/state_dict.h"

namespace vl::test {

/// Deterministic weights for every parameter and buffer of a module, scale and offset from key and
/// shape: the packs' rule for models without a parameter list. Position tables keep their values.
weights::StateDict rule_filled(const torch::nn::Module& module, uint64_t seed);

}  // namespace vl::test
