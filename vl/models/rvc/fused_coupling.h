#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/gemm/gemm.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"
#include "vl/models/rvc/config.h"

namespace vl::models::rvc {

/// The network of one coupling on our CPU kernels: float32, channels last. A row's bits depend only
/// on the rows around it, so a part of a signal with enough margin gets those of the whole.
class FusedCoupling {
 public:
  /// Whether the kernels take these sizes.
  static bool fits(const RvcConfig& config) { return config.hidden % 16 == 0; }

  /// Packs the weights; `weight` gives a parameter of Coupling by its key.
  FusedCoupling(const RvcConfig& config,
                const std::function<at::Tensor(const std::string&)>& weight);

  /// What the coupling subtracts from the second half of the channels.
  /// @param x float32 [T, inter / 2], the first half
  /// @param cond float32 [2 * hidden * flow_layers], cond_layer of the speaker
  /// @return [T, inter / 2]
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& cond) const;

 private:
  struct Layer {
    kernels::WinogradConv1d in;
    kernels::PackedMatrix res_skip;
    at::Tensor in_bias;
    std::vector<float> res_skip_bias;
  };

  int64_t half_, hidden_;
  kernels::PackedMatrix pre_, post_;
  std::vector<float> pre_bias_, post_bias_;
  std::vector<Layer> layers_;
};

}  // namespace vl::models::rvc
