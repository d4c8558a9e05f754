#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vl/core/fields.h"

namespace vl::models::rvc {

/// Sizes of an RVC synthesizer; the defaults are the public v2, 48 kHz, with f0.
struct RvcConfig {
  std::string version = "v2";  ///< v1: HuBERT layer 9 projected to 256; v2: layer 12, 768 wide
  bool f0 = true;              ///< pitch embedding and excitation
  int64_t sample_rate = 48000;
  int64_t feature_dim = 768;
  int64_t inter = 192, hidden = 192, filter = 768;
  int64_t heads = 2, layers = 6, kernel = 3;
  int64_t window = 10;  ///< reach of the relative positions
  int64_t flow_layers = 3, flow_kernel = 5;
  std::vector<int64_t> resblock_kernels = {3, 7, 11};
  std::vector<std::vector<int64_t>> resblock_dilations = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}};
  std::vector<int64_t> upsample_rates = {12, 10, 2, 2};
  std::vector<int64_t> upsample_kernels = {24, 20, 4, 4};
  int64_t upsample_channels = 512;
  int64_t speakers = 109, gin = 256;

  /// Samples a frame of 10 ms: the product of the rates.
  int64_t hop() const;
};

void describe(RvcConfig& config, Fields& fields);
/// @throws Error(kUnsupportedVariant) when the sizes contradict each other
void validate(const RvcConfig& config);

}  // namespace vl::models::rvc
