#pragma once

#include "vl/models/encodec/encodec.h"

namespace vl::models::encodec {

/// Causal convolution with reflect padding and the extra padding on the right that completes the
/// last window. Key conv.conv.
class CausalConv : public Block {
 public:
  CausalConv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);
  at::Tensor operator()(const at::Tensor& x) const override;

 private:
  int64_t kernel_, stride_;
  std::shared_ptr<nn::Conv1d> conv_;
};

/// Transposed convolution, cut on the right. Key convtr.convtr.
class CausalUpsample : public Block {
 public:
  CausalUpsample(int64_t in, int64_t out, int64_t kernel, int64_t stride);
  at::Tensor operator()(const at::Tensor& x) const override;

 private:
  int64_t cut_;
  std::shared_ptr<nn::ConvTranspose1d> conv_;
};

/// shortcut(x) + conv1(ELU(conv3(ELU(x)))). Keys block.1, block.3, shortcut.
class Residual : public Block {
 public:
  explicit Residual(int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const override;

 private:
  std::shared_ptr<CausalConv> first_, second_, shortcut_;
};

/// LSTM over time plus its input. Key lstm.
class SkipLstm : public Block {
 public:
  SkipLstm(int64_t channels, int64_t layers);
  at::Tensor operator()(const at::Tensor& x) const override;

 private:
  std::shared_ptr<nn::Rnn> lstm_;
};

}  // namespace vl::models::encodec
