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

/// gamma / sqrt(var + eps)
at::Tensor norm_scale(const nn::BatchNorm& n) {
  if (n.running_var.lt(0).any().item<bool>())
    fail(Code::kBadWeights, "a BatchNorm has a negative variance");
  return n.weight / (n.running_var + n.eps).sqrt();
}

}  // namespace

ConvBlock::ConvBlock(const BlockOptions& options) : o_(options) {
  const auto inner = child<Sequence>("conv_block");
  conv_ = inner->conv<nn::Conv2d>(nn::Conv2dOptions{
      .in = o_.in, .out = o_.out, .kernel = o_.kernel, .stride = o_.stride, .padding = o_.padding});
  norm_ = inner->norm(o_.out);
}

void ConvBlock::loaded() {
  const at::Tensor s = norm_scale(*norm_);
  weight_ = conv_->weight * s.reshape({-1, 1, 1, 1});
  bias_ = (conv_->bias - norm_->running_mean) * s + norm_->bias;
}

at::Tensor ConvBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = at::conv2d(x, weight_, bias_, o_.stride, o_.padding);
  if (o_.residual) y += x;
  return y.relu_();
}

TransposeBlock::TransposeBlock(const BlockOptions& options, int64_t output_padding)
    : o_(options), output_padding_(output_padding) {
  const auto inner = child<Sequence>("conv_block");
  conv_ = inner->conv<nn::ConvTranspose2d>(
      nn::ConvTranspose2dOptions{.in = o_.in,
                                 .out = o_.out,
                                 .kernel = o_.kernel,
                                 .stride = o_.stride,
                                 .padding = o_.padding,
                                 .output_padding = {output_padding, output_padding}});
  norm_ = inner->norm(o_.out);
}

void TransposeBlock::loaded() {
  const at::Tensor s = norm_scale(*norm_);
  weight_ = conv_->weight * s.reshape({1, -1, 1, 1});
  bias_ = (conv_->bias - norm_->running_mean) * s + norm_->bias;
}

at::Tensor TransposeBlock::operator()(const at::Tensor& x) const {
  return at::conv_transpose2d(x, weight_, bias_, o_.stride, o_.padding, output_padding_).relu_();
}

}  // namespace vl::models::wav2lip
