#include "vl/nn/layers.h"

#include <ATen/ATen.h>

namespace vl::nn {

namespace {

std::optional<at::Tensor> optional(const at::Tensor& t) {
  return t.defined() ? std::optional(t) : std::nullopt;
}

}  // namespace

Linear::Linear(int64_t in, int64_t out, bool with_bias) {
  weight = parameter("weight", {out, in});
  if (with_bias) bias = parameter("bias", {out});
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, optional(bias));
}

Conv1d::Conv1d(const Conv1dOptions& options) : o_(options) {
  weight = parameter("weight", {o_.out, o_.in / o_.groups, o_.kernel});
  if (o_.bias) bias = parameter("bias", {o_.out});
}

at::Tensor Conv1d::operator()(const at::Tensor& x) const {
  return at::conv1d(x, weight, optional(bias), o_.stride, o_.padding, o_.dilation, o_.groups);
}

ConvTranspose1d::ConvTranspose1d(const ConvTranspose1dOptions& options) : o_(options) {
  weight = parameter("weight", {o_.in, o_.out, o_.kernel});
  if (o_.bias) bias = parameter("bias", {o_.out});
}

at::Tensor ConvTranspose1d::operator()(const at::Tensor& x) const {
  return at::conv_transpose1d(x, weight, optional(bias), o_.stride, o_.padding, o_.output_padding);
}

Conv2d::Conv2d(const Conv2dOptions& options) : o_(options) {
  weight = parameter("weight", {o_.out, o_.in / o_.groups, o_.kernel[0], o_.kernel[1]});
  if (o_.bias) bias = parameter("bias", {o_.out});
}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  return at::conv2d(x, weight, optional(bias), o_.stride, o_.padding, 1, o_.groups);
}

ConvTranspose2d::ConvTranspose2d(const ConvTranspose2dOptions& options) : o_(options) {
  weight = parameter("weight", {o_.in, o_.out, o_.kernel[0], o_.kernel[1]});
  if (o_.bias) bias = parameter("bias", {o_.out});
}

at::Tensor ConvTranspose2d::operator()(const at::Tensor& x) const {
  return at::conv_transpose2d(x, weight, optional(bias), o_.stride, o_.padding, o_.output_padding);
}

LayerNorm::LayerNorm(int64_t dim, double eps_, const char* weight_name, const char* bias_name)
    : eps(eps_) {
  weight = parameter(weight_name, {dim});
  bias = parameter(bias_name, {dim});
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

BatchNorm::BatchNorm(int64_t channels, double eps_) : eps(eps_) {
  weight = parameter("weight", {channels});
  bias = parameter("bias", {channels});
  running_mean = buffer("running_mean", at::zeros({channels}));
  running_var = buffer("running_var", at::ones({channels}));
  buffer("num_batches_tracked", at::zeros({}, at::kLong));
}

at::Tensor BatchNorm::operator()(const at::Tensor& x) const {
  return at::batch_norm(x, weight, bias, running_mean, running_var, /*training=*/false, 0.0, eps,
                        /*cudnn=*/true);
}

std::pair<at::Tensor, at::Tensor> fold_norm(const at::Tensor& weight, const BatchNorm& norm,
                                            int64_t out_dim) {
  const auto wide = [](const at::Tensor& t) { return t.detach().to(at::kDouble); };
  const at::Tensor scale = wide(norm.weight) / at::sqrt(wide(norm.running_var) + norm.eps);
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape[static_cast<size_t>(out_dim)] = -1;
  const at::Tensor folded = (wide(weight) * scale.view(shape)).to(at::kFloat);
  const at::Tensor bias = wide(norm.bias) - wide(norm.running_mean) * scale;
  return {folded.contiguous(at::MemoryFormat::ChannelsLast), bias.to(at::kFloat)};
}

GroupNorm::GroupNorm(int64_t groups_, int64_t channels, double eps_) : groups(groups_), eps(eps_) {
  weight = parameter("weight", {channels});
  bias = parameter("bias", {channels});
}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  return at::group_norm(x, groups, weight, bias, eps);
}

Embedding::Embedding(int64_t rows, int64_t dim) { weight = parameter("weight", {rows, dim}); }

at::Tensor Embedding::operator()(const at::Tensor& ids) const { return at::embedding(weight, ids); }

Rnn::Rnn(RnnKind kind, int64_t in, int64_t hidden, int64_t layers, bool bidirectional)
    : kind_(kind), hidden_(hidden), layers_(layers), bidirectional_(bidirectional) {
  const int64_t gates = (kind == RnnKind::kGru ? 3 : 4) * hidden;
  for (int64_t layer = 0; layer < layers; ++layer)
    for (int64_t direction = 0; direction < (bidirectional ? 2 : 1); ++direction) {
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      const int64_t width = layer == 0 ? in : hidden * (bidirectional ? 2 : 1);
      params_.push_back(parameter("weight_ih" + suffix, {gates, width}));
      params_.push_back(parameter("weight_hh" + suffix, {gates, hidden}));
      params_.push_back(parameter("bias_ih" + suffix, {gates}));
      params_.push_back(parameter("bias_hh" + suffix, {gates}));
    }
}

at::Tensor Rnn::operator()(const at::Tensor& x) const {
  const int64_t rows = layers_ * (bidirectional_ ? 2 : 1);
  const at::Tensor zero = at::zeros({rows, x.size(0), hidden_}, x.options());
  if (kind_ == RnnKind::kGru)
    return std::get<0>(at::gru(x, zero, params_, true, layers_, 0.0, false, bidirectional_, true));
  return std::get<0>(
      at::lstm(x, {zero, zero}, params_, true, layers_, 0.0, false, bidirectional_, true));
}

}  // namespace vl::nn
