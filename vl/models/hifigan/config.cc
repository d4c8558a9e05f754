#include "vl/models/hifigan/config.h"

#include <algorithm>

#include "vl/core/error.h"

namespace vl::models::hifigan {

namespace {

constexpr double kMaxChannels = 1 << 16;
constexpr int64_t kOuterReach = 3;  // conv_pre and conv_post: kernel 7

/// Samples on each side that one residual block reads.
int64_t block_reach(const std::string& kind, int64_t kernel,
                    const std::vector<int64_t>& dilations) {
  const int64_t half = (kernel - 1) / 2;
  int64_t reach = 0;
  for (int64_t d : dilations) reach += d * half + (kind == "1" ? half : 0);
  return reach;
}

}  // namespace

int64_t HifiganConfig::samples_per_frame() const {
  int64_t product = 1;
  for (int64_t rate : upsample_rates) product *= rate;
  return product;
}

void describe(HifiganConfig& c, Fields& fields) {
  fields.add("resblock", &c.resblock).one_of({"1", "2"});
  fields.add("upsample_rates", &c.upsample_rates).range(1, 1024);
  fields.add("upsample_kernel_sizes", &c.upsample_kernel_sizes).range(1, 4096);
  fields.add("upsample_initial_channel", &c.upsample_initial_channel).range(1, kMaxChannels);
  fields.add("resblock_kernel_sizes", &c.resblock_kernel_sizes).range(1, 1024);
  fields.add("resblock_dilation_sizes", &c.resblock_dilation_sizes);
  fields.add("num_mels", &c.num_mels).range(1, 1024);
  fields.add("sampling_rate", &c.sampling_rate, "Hz").range(1000, 384000);
  fields.add("n_fft", &c.n_fft, "points of the FFT").range(2, 1 << 16);
  fields.add("hop_size", &c.hop_size, "samples a frame").range(1, 1 << 16);
  fields.add("win_size", &c.win_size, "samples of the window").range(2, 1 << 16);
  fields.add("fmin", &c.fmin, "Hz").range(0, 192000);
  fields.add("fmax", &c.fmax, "Hz").range(1, 192000);
}

void check_config(const HifiganConfig& c) {
  const auto bad = [](const std::string& why) {
    fail(Code::kUnsupportedVariant, "this HiFi-GAN configuration is not supported: {}", why);
  };
  if (c.upsample_rates.empty() || c.upsample_rates.size() != c.upsample_kernel_sizes.size() ||
      c.upsample_rates.size() > 16)
    bad("upsample_rates and upsample_kernel_sizes must be lists of the same length, 1 to 16");
  if (c.resblock_kernel_sizes.empty() || c.resblock_kernel_sizes.size() > 16 ||
      c.resblock_kernel_sizes.size() != c.resblock_dilation_sizes.size())
    bad("resblock_kernel_sizes and resblock_dilation_sizes must have the same length, 1 to 16");
  for (size_t i = 0; i < c.upsample_rates.size(); ++i) {
    const int64_t rate = c.upsample_rates[i], kernel = c.upsample_kernel_sizes[i];
    if (kernel < rate || (kernel - rate) % 2 != 0)
      bad(fmt::format("upsampling by {} with kernel {}", rate, kernel));
  }
  for (int64_t kernel : c.resblock_kernel_sizes)
    if (kernel % 2 == 0) bad(fmt::format("the even kernel size {}", kernel));
  for (const auto& dilations : c.resblock_dilation_sizes)
    if (dilations.empty() || dilations.size() > 16 ||
        std::any_of(dilations.begin(), dilations.end(),
                    [](int64_t d) { return d < 1 || d > 1024; }))
      bad("resblock_dilation_sizes must be lists of 1 to 16 numbers from 1 to 1024");
  if (c.upsample_initial_channel % (int64_t{1} << c.upsample_rates.size()) != 0)
    bad(fmt::format("{} channels cannot be halved {} times", c.upsample_initial_channel,
                    c.upsample_rates.size()));
}

int64_t context_frames(const HifiganConfig& c) {
  int64_t widest = 0;
  for (size_t j = 0; j < c.resblock_kernel_sizes.size(); ++j)
    widest = std::max(
        widest, block_reach(c.resblock, c.resblock_kernel_sizes[j], c.resblock_dilation_sizes[j]));
  int64_t reach = kOuterReach;  // in samples of the stage, walking from the output to the input
  for (size_t i = c.upsample_rates.size(); i-- > 0;) {
    const int64_t rate = c.upsample_rates[i], kernel = c.upsample_kernel_sizes[i];
    reach = (reach + widest + (kernel + rate) / 2 - 1) / rate;
  }
  return reach + kOuterReach;
}

}  // namespace vl::models::hifigan
