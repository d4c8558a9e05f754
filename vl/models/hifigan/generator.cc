#include "vl/models/hifigan/generator.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::hifigan {

namespace {

constexpr double kSlope = 0.1;
constexpr double kLastSlope = 0.01;  // the public code leaves the default here

nn::Conv1dOptions same_conv(int64_t in, int64_t out, int64_t kernel, int64_t dilation = 1) {
  return {.in = in,
          .out = out,
          .kernel = kernel,
          .padding = dilation * (kernel - 1) / 2,
          .dilation = dilation};
}

/// Copies, because later steps work in place.
void record(Blocks* blocks, const std::string& name, const at::Tensor& value) {
  if (blocks != nullptr) (*blocks)[name] = value.clone();
}

}  // namespace

ResBlock::ResBlock(const std::string& kind, int64_t channels, int64_t kernel,
                   const std::vector<int64_t>& dilations) {
  const bool pairs = kind == "1";
  convs1_ = child<nn::ListOf<nn::Conv1d>>(pairs ? "convs1" : "convs");
  if (pairs) convs2_ = child<nn::ListOf<nn::Conv1d>>("convs2");
  for (int64_t d : dilations) {
    convs1_->add(same_conv(channels, channels, kernel, d));
    if (pairs) convs2_->add(same_conv(channels, channels, kernel));
  }
}

at::Tensor ResBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = x;
  for (size_t i = 0; i < convs1_->size(); ++i) {
    at::Tensor h = (*convs1_)[i](at::leaky_relu(y, kSlope));
    if (convs2_) h = (*convs2_)[i](at::leaky_relu_(h, kSlope));
    y = h.add_(y);
  }
  return y;
}

Generator::Generator(const HifiganConfig& c) : config_(c) {
  check_config(c);
  conv_pre_ = child<nn::Conv1d>("conv_pre", same_conv(c.num_mels, c.upsample_initial_channel, 7));
  ups_ = child<nn::ListOf<nn::ConvTranspose1d>>("ups");
  resblocks_ = child<nn::ListOf<ResBlock>>("resblocks");
  int64_t channels = c.upsample_initial_channel;
  for (size_t i = 0; i < c.upsample_rates.size(); ++i, channels /= 2) {
    const int64_t rate = c.upsample_rates[i], kernel = c.upsample_kernel_sizes[i];
    ups_->add(nn::ConvTranspose1dOptions{.in = channels,
                                         .out = channels / 2,
                                         .kernel = kernel,
                                         .stride = rate,
                                         .padding = (kernel - rate) / 2});
    for (size_t j = 0; j < c.resblock_kernel_sizes.size(); ++j)
      resblocks_->add(c.resblock, channels / 2, c.resblock_kernel_sizes[j],
                      c.resblock_dilation_sizes[j]);
  }
  conv_post_ = child<nn::Conv1d>("conv_post", same_conv(channels, 1, 7));
}

at::Tensor Generator::stage(size_t i, const at::Tensor& x, Blocks* blocks) const {
  const at::Tensor up = (*ups_)[i](at::leaky_relu(x, kSlope));
  record(blocks, fmt::format("ups.{}", i), up);
  const size_t count = config_.resblock_kernel_sizes.size();
  at::Tensor sum;
  for (size_t j = 0; j < count; ++j) {
    const at::Tensor y = (*resblocks_)[i * count + j](up);
    record(blocks, fmt::format("resblocks.{}", i * count + j), y);
    record(blocks, fmt::format("resblocks.{}.{}", i, j), y);
    sum = j == 0 ? y : sum.add_(y);
  }
  return sum.div_(static_cast<double>(count));
}

void Generator::loaded() {
  if (path() != nn::Path::kFused) return;
  const HifiganConfig& c = config_;
  const auto all = named_parameters();
  fused_ = std::make_unique<nn::FusedUpsampler>(
      nn::UpsamplerConfig{.in = c.num_mels,
                          .channels = c.upsample_initial_channel,
                          .rates = c.upsample_rates,
                          .kernels = c.upsample_kernel_sizes,
                          .pairs = c.resblock == "1",
                          .block_kernels = c.resblock_kernel_sizes,
                          .dilations = c.resblock_dilation_sizes},
      [&](const std::string& key) { return all[key].detach(); });
}

at::Tensor Generator::forward(const at::Tensor& mel, Blocks* blocks) const {
  if (mel.dim() != 3 || mel.size(1) != config_.num_mels)
    fail(Code::kBadValue, "the vocoder takes a mel of [batch, {}, frames], not [{}]",
         config_.num_mels, fmt::join(mel.sizes(), ","));
  if (mel.size(0) == 0 || mel.size(2) == 0)
    return at::zeros({mel.size(0), 1, mel.size(2) * config_.samples_per_frame()},
                     mel.options().dtype(at::kFloat));
  if (!mel.isfinite().all().item<bool>()) fail(Code::kBadValue, "the mel holds NaN or infinity");
  const at::Tensor x = mel.to(conv_pre_->weight.options());
  if (!fused_ || blocks != nullptr || !fused(x)) return reference(x, blocks);
  at::Tensor out = at::empty({x.size(0), 1, x.size(2) * config_.samples_per_frame()});
  for (int64_t b = 0; b < x.size(0); ++b)
    out[b].copy_((*fused_)(x.slice(0, b, b + 1), 0, x.size(2), {})[0]);
  return out;
}

at::Tensor Generator::reference(const at::Tensor& mel, Blocks* blocks) const {
  at::Tensor x = (*conv_pre_)(mel);
  record(blocks, "conv_pre", x);
  for (size_t i = 0; i < ups_->size(); ++i) x = stage(i, x, blocks);
  x = at::leaky_relu(x, kLastSlope);
  record(blocks, "conv_post_in", x);
  x = (*conv_post_)(x);
  record(blocks, "conv_post", x);
  return x.to(at::kFloat).tanh();
}

at::Tensor vocode_span(const Generator& generator, const at::Tensor& mel, int64_t first,
                       int64_t count) {
  if (mel.dim() != 3 || first < 0 || count < 0 || first > mel.size(2) - count)
    fail(Code::kBadValue, "frames {} to {} are not inside the mel", first, first + count);
  const int64_t context = context_frames(generator.config());
  const int64_t rate = generator.config().samples_per_frame();
  const int64_t begin = std::max<int64_t>(0, first - context);
  const int64_t end = std::min(mel.size(2), first + count + context);
  const at::Tensor audio = generator.forward(mel.slice(2, begin, end));
  return audio.slice(2, (first - begin) * rate, (first - begin + count) * rate);
}

at::Tensor vocode_chunked(const Generator& generator, const at::Tensor& mel, int64_t chunk_frames) {
  if (chunk_frames < 1) fail(Code::kBadValue, "chunks of {} frames", chunk_frames);
  if (mel.dim() != 3 || mel.size(2) <= chunk_frames) return generator.forward(mel);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < mel.size(2); first += chunk_frames)
    parts.push_back(
        vocode_span(generator, mel, first, std::min(chunk_frames, mel.size(2) - first)));
  return at::cat(parts, 2);
}

}  // namespace vl::models::hifigan
