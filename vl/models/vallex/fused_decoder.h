#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/models/vallex/ar_state.h"
#include "vl/models/vallex/layers.h"

namespace vl::models::vallex {

/// One row that a step adds: row `row` of the buffers of `state`.
struct StepRow {
  ArState* state = nullptr;
  int64_t row = 0;
};

/// One more row of every sequence through all layers of the autoregressive decoder, its final norm
/// and the head, on our CPU kernels: weights are read once for up to eight rows, keys and values
/// stay where they are. The reference is Decoder's plain form; results differ by rounding, and do
/// not depend on the other rows. Keys and values of the new row are written behind the state's
/// rows, whose count the caller raises afterwards; the buffers must have room.
/// @param x [B, dim] float32, embedded tokens
/// @param head [classes, dim]
/// @return logits [B, classes]
at::Tensor fused_step(const Decoder& decoder, const Projection& head,
                      const std::vector<StepRow>& rows, const at::Tensor& x);

}  // namespace vl::models::vallex
