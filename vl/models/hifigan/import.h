#pragma once

#include "vl/models/registry.h"

namespace vl::models::hifigan {

/// Role "hifigan", arch "hifigan". Reads the authors' files ({generator}, with config.json beside
/// them), NVIDIA's containers (generator, config, train_setup; gen_ema only where averages are
/// wanted or nothing else is there, as in the public inference) and bare state dicts: flat or
/// nested residual-block keys, convolutions with an extra trailing dimension of size 1, weight norm
/// of both spellings or already folded. The order of residual kernels comes from the configuration,
/// without one from the weights' shapes.
ModelClass hifigan_class();

}  // namespace vl::models::hifigan
