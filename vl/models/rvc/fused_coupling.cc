#include "vl/models/rvc/fused_coupling.h"

#include <ATen/ATen.h>

#include "vl/kernels/parallel.h"

namespace vl::models::rvc {

using kernels::PackedMatrix;
using kernels::SignalRows;

namespace {

constexpr int64_t kRows = 96;  // of one job; a multiple of the convolution's tiles of 4

std::vector<float> padded_vector(const at::Tensor& t) {
  std::vector<float> out(static_cast<size_t>(kernels::padded_channels(t.numel())));
  std::copy_n(t.contiguous().data_ptr<float>(), t.numel(), out.begin());
  return out;
}

/// A convolution [out, in, 1] as the matrix [in, out].
PackedMatrix pointwise_matrix(const at::Tensor& weight) {
  const at::Tensor w = weight.contiguous();
  return {w.data_ptr<float>(), w.size(1), w.size(0), 1, w.size(1)};
}

/// x [T, k] times b: [T, padded columns].
at::Tensor product(const at::Tensor& x, const PackedMatrix& b, const std::vector<float>& bias) {
  at::Tensor out = at::empty({x.size(0), b.padded()});
  const float* from = x.data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t rows = x.size(0), width = x.size(1);
  kernels::parallel_for((rows + kRows - 1) / kRows, [&](int64_t i, int) {
    const int64_t a = i * kRows;
    kernels::gemm(std::min(kRows, rows - a), from + a * width, width, b, to + a * b.padded(),
                  b.padded(), bias.data(), false);
  });
  return out;
}

/// The gated layer's convolution. h [T, hidden] -> [T, 2 hidden]
at::Tensor convolve(const at::Tensor& h, const kernels::WinogradConv1d& conv) {
  const int64_t rows = h.size(0);
  at::Tensor out = at::empty({rows, 2 * h.size(1)});
  const SignalRows x = {h.data_ptr<float>(), 0, rows}, y = {out.data_ptr<float>(), 0, rows};
  std::vector<std::vector<float>> scratch(static_cast<size_t>(kernels::parallel_threads()));
  for (auto& s : scratch) s.resize(static_cast<size_t>(conv.scratch()));
  kernels::parallel_for((rows + kRows - 1) / kRows, [&](int64_t i, int thread) {
    conv.run(x, y, i * kRows, std::min(rows, (i + 1) * kRows), {},
             scratch[static_cast<size_t>(thread)].data());
  });
  return out;
}

}  // namespace

FusedCoupling::FusedCoupling(const RvcConfig& c,
                             const std::function<at::Tensor(const std::string&)>& weight)
    : half_(c.inter / 2),
      hidden_(c.hidden),
      pre_(pointwise_matrix(weight("pre.weight"))),
      post_(pointwise_matrix(weight("post.weight"))),
      pre_bias_(padded_vector(weight("pre.bias"))),
      post_bias_(padded_vector(weight("post.bias"))) {
  for (int64_t i = 0; i < c.flow_layers; ++i) {
    const std::string in = fmt::format("enc.in_layers.{}.", i),
                      res_skip = fmt::format("enc.res_skip_layers.{}.", i);
    const at::Tensor w = weight(in + "weight").contiguous();
    layers_.push_back({{w.data_ptr<float>(), nullptr, w.size(0), w.size(1), w.size(2), 1},
                       pointwise_matrix(weight(res_skip + "weight")),
                       weight(in + "bias"),
                       padded_vector(weight(res_skip + "bias"))});
  }
}

at::Tensor FusedCoupling::operator()(const at::Tensor& x, const at::Tensor& cond) const {
  at::Tensor h = product(x, pre_, pre_bias_), skip;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const int64_t at = static_cast<int64_t>(i) * 2 * hidden_;
    const at::Tensor a =
        convolve(h, layer.in).add_(layer.in_bias + cond.slice(0, at, at + 2 * hidden_));
    const at::Tensor gate = at::tanh(a.slice(1, 0, hidden_)).mul_(at::sigmoid(a.slice(1, hidden_)));
    const at::Tensor rs = product(gate.contiguous(), layer.res_skip, layer.res_skip_bias);
    const bool last = i + 1 == layers_.size();
    const at::Tensor more = last ? rs : rs.slice(1, hidden_);
    skip = skip.defined() ? skip + more : more;
    if (!last) h = h + rs.slice(1, 0, hidden_);
  }
  return product(skip.contiguous(), post_, post_bias_).slice(1, 0, half_);
}

}  // namespace vl::models::rvc
