#include "vl/models/encodec/blocks.h"

#include <ATen/ATen.h>

namespace vl::models::encodec {

namespace {

/// Reflect padding; a signal that is too short for it is lengthened by zeros first, which are cut
/// off afterwards.
at::Tensor reflect_pad(const at::Tensor& x, int64_t left, int64_t right) {
  const int64_t length = x.size(2), most = std::max(left, right);
  const int64_t zeros = length <= most ? most - length + 1 : 0;
  const at::Tensor longer = zeros > 0 ? at::constant_pad_nd(x, {0, zeros}) : x;
  const at::Tensor padded = at::reflection_pad1d(longer, {left, right});
  return zeros > 0 ? padded.slice(2, 0, padded.size(2) - zeros) : padded;
}

}  // namespace

CausalConv::CausalConv(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : kernel_(kernel), stride_(stride) {
  conv_ = child<nn::Level>("conv")->add<nn::Conv1d>(
      "conv", nn::Conv1dOptions{.in = in, .out = out, .kernel = kernel, .stride = stride});
}

at::Tensor CausalConv::operator()(const at::Tensor& x) const {
  const int64_t length = x.size(2), total = kernel_ - stride_;
  const int64_t windows =
      (length - kernel_ + total + stride_ - 1) / stride_;  // ceil of the last window's index
  const int64_t extra = windows * stride_ + kernel_ - total - length;
  return (*conv_)(reflect_pad(x, total, extra));
}

CausalUpsample::CausalUpsample(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : cut_(kernel - stride) {
  conv_ = child<nn::Level>("convtr")->add<nn::ConvTranspose1d>(
      "convtr",
      nn::ConvTranspose1dOptions{.in = in, .out = out, .kernel = kernel, .stride = stride});
}

at::Tensor CausalUpsample::operator()(const at::Tensor& x) const {
  const at::Tensor y = (*conv_)(x);
  return y.slice(2, 0, y.size(2) - cut_);
}

Residual::Residual(int64_t channels) {
  const auto block = child<nn::Level>("block");
  first_ = block->add<CausalConv>("1", channels, channels / 2, 3);
  second_ = block->add<CausalConv>("3", channels / 2, channels, 1);
  shortcut_ = child<CausalConv>("shortcut", channels, channels, 1);
}

at::Tensor Residual::operator()(const at::Tensor& x) const {
  return (*shortcut_)(x) + (*second_)(at::elu((*first_)(at::elu(x))));
}

SkipLstm::SkipLstm(int64_t channels, int64_t layers) {
  lstm_ = child<nn::Rnn>("lstm", nn::RnnKind::kLstm, channels, channels, layers, false);
}

at::Tensor SkipLstm::operator()(const at::Tensor& x) const {
  const at::Tensor rows = x.transpose(1, 2);
  return ((*lstm_)(rows) + rows).transpose(1, 2);
}

}  // namespace vl::models::encodec
