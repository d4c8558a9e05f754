#include "vl/models/wav2lip/conv_block.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::wav2lip {

namespace {

/// The inner sequence "conv_block" = {0: convolution, 1: BatchNorm}.
class Sequence : public nn::Module {
 public:
  template <class Conv, class Options>
  std::shared_ptr<Conv> conv(const Options& options) {
    return child<Conv>("0", options);
  }
  std::shared_ptr<nn::BatchNorm> norm(int64_t channels) {
    return child<nn::BatchNorm>("1", channels);
  }
};

}  // namespace

NormedConv::NormedConv(BlockOptions options, int64_t out_dim)
    : o_(std::move(options)), out_dim_(out_dim) {
  if (o_.prelu) slope_ = child<nn::Level>("act")->table("weight", {1});
}

at::Tensor NormedConv::activate(at::Tensor y) const {
  return slope_.defined() ? at::prelu(y, slope_) : y.relu_();
}

const nn::FeatureMap& NormedConv::finish(const nn::FeatureMap& y) const {
  at::Tensor pixels = y.pixels;
  if (slope_.defined()) at::leaky_relu_(pixels, slope_value_);
  return y;
}

/// gamma / sqrt(var + eps)
at::Tensor NormedConv::scale() const {
  if (norm_->running_var.lt(0).any().item<bool>())
    fail(Code::kBadWeights, "a BatchNorm has a negative variance");
  return norm_->weight / (norm_->running_var + norm_->eps).sqrt();
}

at::Tensor NormedConv::folded_weight() const {
  if (weight_.defined()) return weight_;
  std::vector<int64_t> shape(4, 1);
  shape[static_cast<size_t>(out_dim_)] = -1;
  return conv_weight_ * scale().reshape(shape);
}

void NormedConv::loaded() {
  if (slope_.defined()) slope_value_ = slope_.item<double>();
  bias_ = (conv_bias_ - norm_->running_mean) * scale() + norm_->bias;
  if (path() != nn::Path::kFused) {
    weight_ = folded_weight();
    return;
  }
  nn::FusedConv2d::Options options = {.stride = o_.stride,
                                      .padding = o_.padding,
                                      .transposed = out_dim_ == 1,
                                      .narrow = o_.narrow,
                                      .side = o_.side,
                                      .parts = o_.parts};
  // One pixel spreads over a kernel's worth of results, whatever the stride.
  if (options.transposed && o_.stride[0] == 1) options.stride = o_.kernel;
  fused_ = std::make_unique<nn::FusedConv2d>(folded_weight().detach(), bias_.detach(), options);
}

void NormedConv::unload() {
  if (fused_ == nullptr) return;
  fused_.reset();
  weight_ = folded_weight();
}

ConvBlock::ConvBlock(const BlockOptions& options) : NormedConv(options, 0) {
  const auto inner = child<Sequence>("conv_block");
  const auto conv = inner->conv<nn::Conv2d>(nn::Conv2dOptions{
      .in = o_.in, .out = o_.out, .kernel = o_.kernel, .stride = o_.stride, .padding = o_.padding});
  conv_weight_ = conv->weight, conv_bias_ = conv->bias;
  norm_ = inner->norm(o_.out);
}

at::Tensor ConvBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = at::conv2d(x, folded_weight(), folded_bias(), o_.stride, o_.padding);
  if (o_.residual) y += x;
  return activate(y);
}

nn::FeatureMap ConvBlock::operator()(const nn::FeatureMap& x) const {
  return finish((*fused_)(x, o_.residual ? &x : nullptr, relu()));
}

void ConvBlock::run(const nn::FeatureMap& x, const nn::FeatureMap& y) const {
  fused_->run(x, y, o_.residual ? &x : nullptr, relu());
  finish(y);
}

TransposeBlock::TransposeBlock(const BlockOptions& options, int64_t output_padding)
    : NormedConv(options, 1), output_padding_(output_padding) {
  const auto inner = child<Sequence>("conv_block");
  const auto conv = inner->conv<nn::ConvTranspose2d>(
      nn::ConvTranspose2dOptions{.in = o_.in,
                                 .out = o_.out,
                                 .kernel = o_.kernel,
                                 .stride = o_.stride,
                                 .padding = o_.padding,
                                 .output_padding = {output_padding, output_padding}});
  conv_weight_ = conv->weight, conv_bias_ = conv->bias;
  norm_ = inner->norm(o_.out);
}

at::Tensor TransposeBlock::operator()(const at::Tensor& x) const {
  return activate(at::conv_transpose2d(x, folded_weight(), folded_bias(), o_.stride, o_.padding,
                                       output_padding_));
}

nn::FeatureMap TransposeBlock::operator()(const nn::FeatureMap& x) const {
  const nn::FeatureMap y = finish((*fused_)(x, nullptr, relu()));
  if (o_.stride[0] == 1 || output_padding_ == 1) return y;
  // Without output padding the last row and column are not part of the result.
  const int64_t height = y.pixels.size(1) - 1, width = y.pixels.size(2) - 1;
  return {y.pixels.slice(1, 0, height).slice(2, 0, width).contiguous(), y.channels};
}

}  // namespace vl::models::wav2lip
