#pragma once

#include "vl/models/registry.h"

namespace vl::models::fastpitch {

/// Role "fastpitch", arch "fastpitch". Reads the public container (epoch, iteration, config,
/// train_setup, state_dict, ...) and bare state dicts, with or without leading "module." or
/// "module.1.". Like the public inference it takes state_dict; ema_state_dict where averages are
/// wanted or nothing else is there. A config entry
/// wins; what it lacks is read off the tensor shapes (one head where nothing tells), text and audio
/// settings come from train_setup. Keys below "attention." are dropped.
ModelClass fastpitch_class();

}  // namespace vl::models::fastpitch
