#pragma once

#include "vl/entries/entry.h"

namespace vl::entries {

/// One call of an entry, as `models run` makes it. A null model is for entries without weights.
inline Tensors run(const char* role, const char* name, const torch::nn::Module* model,
                   Tensors inputs, bool outputs_all = false) {
  Call call;
  call.model = model;
  call.inputs = std::move(inputs);
  call.outputs_all = outputs_all;
  return run_entry(find_entry(role, name), std::move(call));
}

}  // namespace vl::entries
