#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vl/core/fields.h"

namespace vl::models::hifigan {

/// Configuration of a HiFi-GAN generator. Keys are those of the public config.json; defaults are
/// V1 (V2: upsample_initial_channel 128; V3: resblock "2", rates 8,8,4, channel 256).
struct HifiganConfig {
  std::string resblock = "1";
  std::vector<int64_t> upsample_rates = {8, 8, 2, 2};
  std::vector<int64_t> upsample_kernel_sizes = {16, 16, 4, 4};
  int64_t upsample_initial_channel = 512;
  std::vector<int64_t> resblock_kernel_sizes = {3, 7, 11};
  std::vector<std::vector<int64_t>> resblock_dilation_sizes = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}};

  int64_t num_mels = 80;
  int64_t sampling_rate = 22050;
  int64_t n_fft = 1024;
  int64_t hop_size = 256;
  int64_t win_size = 1024;
  double fmin = 0.0;
  double fmax = 8000.0;

  /// Samples a mel frame: the product of the rates.
  int64_t samples_per_frame() const;
};

void describe(HifiganConfig& config, Fields& fields);

/// @throws Error(kUnsupportedVariant) naming what does not fit together: lists of unequal length,
/// even kernels, an upsampling kernel that does not give exactly `rate` samples a sample, channels
/// that cannot be halved at every stage
void check_config(const HifiganConfig& config);

/// Mel frames on each side of a frame that its samples depend on: 13 for V1 and V2, 11 for V3.
int64_t context_frames(const HifiganConfig& config);

}  // namespace vl::models::hifigan
