#pragma once

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/kernels/direct_conv1d/direct_conv1d.h"
#include "vl/kernels/gemm/gemm.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::nn {

/// Sizes of a HiFi-GAN generator (Kong et al. 2020), with what NSF-HiFi-GAN adds to it.
struct UpsamplerConfig {
  int64_t in = 80;                      ///< channels of the input, read by conv_pre
  int64_t channels = 512;               ///< after conv_pre; half of it after every stage
  std::vector<int64_t> rates, kernels;  ///< of each stage; kernel >= rate, their difference even
  bool pairs = true;  ///< residual blocks of kind 1 (convs1, convs2), else of kind 2 (convs)
  std::vector<int64_t> block_kernels;  ///< odd
  std::vector<std::vector<int64_t>> dilations;
  bool excited = false;   ///< noise_convs.I add a signal of one channel after each upsampling
  bool post_bias = true;  ///< conv_post has a bias

  /// Samples a frame: the product of the rates.
  int64_t hop() const;
};

/// conv_pre, upsampling stages with residual blocks, conv_post and tanh on our CPU kernels:
/// float32, channels last, in pieces of time that each compute exactly the rows they need, so
/// memory does not grow with the length. Any channel count works; signals are padded to multiples
/// of 16. The reference is the plain form of the module that owns the weights; the results differ
/// by rounding.
class FusedUpsampler {
 public:
  /// Packs the weights; `weight` gives a parameter by its key: conv_pre, ups.I, noise_convs.I,
  /// resblocks.N.convs1.D (or convs), conv_post.
  FusedUpsampler(const UpsamplerConfig& config,
                 const std::function<at::Tensor(const std::string&)>& weight);

  /// What a call may have beside its input.
  struct Extra {
    at::Tensor excitation = {};  ///< float32, F * hop values; undefined for none
    at::Tensor condition = {};   ///< float32 [channels], added to conv_pre's result; or undefined
    /// Null, or receives conv_pre, upsI and stageI over the rows that were computed.
    std::map<std::string, at::Tensor>* taps = nullptr;
  };

  /// Samples of the frames begin .. end - 1 of one signal, spread over the threads. A frame's
  /// samples differ by rounding at most when begin and end change.
  /// @param x float32 [1, in, F]
  /// @return [1, 1, (end - begin) * hop] in [-1, 1]
  at::Tensor operator()(const at::Tensor& x, int64_t begin, int64_t end, const Extra& extra) const;

 private:
  struct Phase {  // results rate * m + its index come from the rows m + first ..
    int64_t first;
    kernels::PackedMatrix weights;
  };
  using Conv = std::variant<kernels::WinogradConv1d, kernels::DirectConv1d>;
  struct Stage {
    int64_t rate, around, taps, channels, after;  // around: padding, taps: kernel of the upsampling
    std::vector<Phase> phases;
    std::vector<float> up_bias, noise_bias;
    kernels::PackedMatrix noise;
    struct Block {
      std::vector<Conv> convs;  // pairs: dilated, plain, dilated, plain, ...
      int64_t reach = 0;
    };
    std::vector<Block> blocks;
    int64_t reach = 0;
  };
  struct Run;
  struct Tile;
  using Lookup = std::function<at::Tensor(const std::string&)>;

  void add_phases(Stage& stage, const at::Tensor& weight) const;
  Stage::Block make_block(size_t stage, size_t block, const Lookup& weight) const;
  Stage make_stage(size_t i, const Lookup& weight) const;
  void compute_piece(Run& run, int64_t begin, int64_t end) const;
  void pre(Run& run, int64_t begin, int64_t end) const;
  void upsample(Run& run, size_t i, int64_t begin, int64_t end) const;
  void residual_blocks(Run& run, size_t i, int64_t begin, int64_t end, float out_slope) const;
  void residual_block(const Run& run, const Stage::Block& block, const Tile& tile) const;
  void post(Run& run, int64_t begin, int64_t end) const;

  UpsamplerConfig config_;
  int64_t hop_;
  kernels::PackedMatrix pre_, post_;
  std::vector<float> pre_bias_, post_bias_;
  std::vector<Stage> stages_;
};

}  // namespace vl::nn
