#pragma once

#include <array>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/nn/module.h"

namespace vl::nn {

/// y = x W^T + b over the last dimension. weight [out, in].
class Linear : public Module {
 public:
  Linear(int64_t in, int64_t out, bool bias = true);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias;
};

struct Conv1dOptions {
  int64_t in, out, kernel;
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  bool bias = true;
};

/// Conv1d with zero padding. x [B, in, T]; weight [out, in / groups, kernel].
class Conv1d : public Module {
 public:
  explicit Conv1d(const Conv1dOptions& options);
  at::Tensor operator()(const at::Tensor& x) const;
  const Conv1dOptions& options() const { return o_; }
  at::Tensor weight, bias;

 private:
  Conv1dOptions o_;
};

struct ConvTranspose1dOptions {
  int64_t in, out, kernel;
  int64_t stride = 1, padding = 0, output_padding = 0;
  bool bias = true;
};

/// Transposed Conv1d. x [B, in, T]; weight [in, out, kernel].
class ConvTranspose1d : public Module {
 public:
  explicit ConvTranspose1d(const ConvTranspose1dOptions& options);
  at::Tensor operator()(const at::Tensor& x) const;
  const ConvTranspose1dOptions& options() const { return o_; }
  at::Tensor weight, bias;

 private:
  ConvTranspose1dOptions o_;
};

struct Conv2dOptions {
  int64_t in, out;
  std::array<int64_t, 2> kernel;
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0};
  int64_t groups = 1;
  bool bias = true;
};

/// Conv2d with zero padding. x [B, in, H, W]; weight [out, in / groups, kh, kw].
class Conv2d : public Module {
 public:
  explicit Conv2d(const Conv2dOptions& options);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  Conv2dOptions o_;
};

struct ConvTranspose2dOptions {
  int64_t in, out;
  std::array<int64_t, 2> kernel;
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0}, output_padding = {0, 0};
  bool bias = true;
};

/// Transposed Conv2d. x [B, in, H, W]; weight [in, out, kh, kw].
class ConvTranspose2d : public Module {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dOptions& options);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias;

 private:
  ConvTranspose2dOptions o_;
};

/// LayerNorm over the last dimension, weight and bias [dim]. The key names differ in RVC ("gamma",
/// "beta").
class LayerNorm : public Module {
 public:
  explicit LayerNorm(int64_t dim, double eps = 1e-5, const char* weight_name = "weight",
                     const char* bias_name = "bias");
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias;
  double eps;
};

/// BatchNorm in evaluation mode over channels, any rank: weight, bias, running_mean, running_var,
/// num_batches_tracked.
class BatchNorm : public Module {
 public:
  explicit BatchNorm(int64_t channels, double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias, running_mean, running_var;
  double eps;
};

/// Weight and bias of the convolution `weight` (dimension `out_dim` is its output) followed by
/// `norm`; weight laid out for channels-last signals.
std::pair<at::Tensor, at::Tensor> fold_norm(const at::Tensor& weight, const BatchNorm& norm,
                                            int64_t out_dim);

/// GroupNorm with statistics over everything inside a group. weight and bias [channels].
class GroupNorm : public Module {
 public:
  GroupNorm(int64_t groups, int64_t channels, double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor weight, bias;
  int64_t groups;
  double eps;
};

/// Table look-up, weight [rows, dim]. ids int64, any shape.
class Embedding : public Module {
 public:
  Embedding(int64_t rows, int64_t dim);
  at::Tensor operator()(const at::Tensor& ids) const;
  at::Tensor weight;
};

enum class RnnKind { kGru, kLstm };

/// GRU or LSTM with the keys weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 (and _reverse). x
/// [B, T, in], zero start.
/// @return [B, T, hidden * directions]
class Rnn : public Module {
 public:
  Rnn(RnnKind kind, int64_t in, int64_t hidden, int64_t layers, bool bidirectional);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  RnnKind kind_;
  int64_t hidden_, layers_;
  bool bidirectional_;
  std::vector<at::Tensor> params_;
};

}  // namespace vl::nn
