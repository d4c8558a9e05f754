#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/gemm/gemm.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"
#include "vl/models/rvc/config.h"
#include "vl/models/taps.h"

namespace vl::models::rvc {

/// The decoder's network on our CPU kernels: float32, channels last, in pieces of time that each
/// compute exactly the rows they need, so memory does not grow with the length. The reference is
/// Generator's plain form; the results differ by rounding.
class FusedGenerator {
 public:
  /// Packs the weights; `weight` gives a parameter of Generator by its key.
  FusedGenerator(const RvcConfig& config,
                 const std::function<at::Tensor(const std::string&)>& weight);

  /// Samples of the frames begin .. end - 1 of the decoded latent.
  /// @param z float32 [1, inter, F]
  /// @param har float32 [1, 1, F * hop], undefined for models without f0
  /// @param cond float32 [channels] the speaker's part of conv_pre's result
  /// @return [1, 1, (end - begin) * hop]
  at::Tensor operator()(const at::Tensor& z, const at::Tensor& har, const at::Tensor& cond,
                        int64_t begin, int64_t end, Taps* taps) const;

 private:
  struct Phase {  // results rate * m + its index come from the rows m + first ..
    int64_t first;
    kernels::PackedMatrix weights;
  };
  struct Stage {
    int64_t rate, around, taps, channels, after;  // around: padding, taps: kernel of the upsampling
    std::vector<Phase> phases;
    std::vector<float> up_bias, noise_bias;
    kernels::PackedMatrix noise;
    struct Block {
      std::vector<kernels::WinogradConv1d> convs;  // dilated, plain, dilated, plain, ...
      int64_t reach = 0;
    };
    std::vector<Block> blocks;
    int64_t reach = 0;
  };
  struct Run;

  Stage make_stage(const RvcConfig& config, size_t i,
                   const std::function<at::Tensor(const std::string&)>& weight) const;
  void decode_piece(Run& run, int64_t begin, int64_t end) const;
  void pre(Run& run, int64_t begin, int64_t end) const;
  void upsample(Run& run, size_t i, int64_t begin, int64_t end) const;
  void residual_blocks(Run& run, size_t i, int64_t begin, int64_t end, float out_slope) const;
  void post(Run& run, int64_t begin, int64_t end) const;

  int64_t inter_, channels_, hop_;
  kernels::PackedMatrix pre_, post_;
  std::vector<float> pre_bias_;
  std::vector<Stage> stages_;
};

}  // namespace vl::models::rvc
