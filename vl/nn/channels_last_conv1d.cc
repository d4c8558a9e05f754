#include "vl/nn/channels_last_conv1d.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/kernels/parallel.h"

namespace vl::nn {

using kernels::kGemmPanel;
using kernels::padded_channels;
using kernels::SignalRows;

namespace {

constexpr int64_t kRows = 480;          // of one job
constexpr int64_t kPartsPerThread = 2;  // of the columns, in Winograd's form

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The rows begin .. end - 1 of signal `b`, in equal parts of at most kRows.
struct Part {
  int64_t b, begin, end;

  Part(int64_t i, int64_t length) {
    const int64_t parts = count(length), n = i % parts;
    b = i / parts, begin = length * n / parts, end = length * (n + 1) / parts;
  }
  static int64_t count(int64_t length) { return ceil_div(length, kRows); }
};

float* row(const RowBatch& x, int64_t b, int64_t at) {
  return x.rows.data_ptr<float>() + (b * x.rows.size(1) + x.margin + at) * x.rows.size(2);
}

}  // namespace

RowBatch RowBatch::empty(int64_t batch, int64_t length, int64_t channels, int64_t margin) {
  const int64_t width = padded_channels(channels);
  RowBatch out{at::empty({batch, length + 2 * margin, width}), channels, margin};
  out.rows.slice(1, 0, margin).zero_();
  out.rows.slice(1, margin + length).zero_();
  if (width > channels) out.rows.slice(2, channels).zero_();
  return out;
}

RowBatch RowBatch::copy(const at::Tensor& x, int64_t margin) {
  RowBatch out = empty(x.size(0), x.size(1), x.size(2), margin);
  out.signals().copy_(x);
  return out;
}

at::Tensor RowBatch::signals() const {
  return rows.slice(1, margin, rows.size(1) - margin).slice(2, 0, channels);
}

ChannelsLastConv1d::ChannelsLastConv1d(const at::Tensor& weight, const at::Tensor& bias, Sums sums)
    : kernel_(weight.size(2)), columns_(padded_channels(weight.size(0))) {
  const int64_t in = weight.size(1), out = weight.size(0);
  const at::Tensor b = bias.contiguous();
  if (sums == Sums::kWinograd && kernel_ > 1) {  // one tap would cost 7 products for 4
    const at::Tensor w = weight.contiguous();
    winograd_.emplace_back(w.data_ptr<float>(), b.data_ptr<float>(), out, in, kernel_, 1);
    return;
  }
  const at::Tensor w =
      at::constant_pad_nd(weight.permute({2, 1, 0}), {0, 0, 0, padded_channels(in) - in})
          .contiguous();
  windows_ = {w.data_ptr<float>(), w.size(0) * w.size(1), out, out, 1};
  bias_.resize(static_cast<size_t>(columns_));
  std::copy_n(b.data_ptr<float>(), out, bias_.begin());
}

void ChannelsLastConv1d::operator()(const RowBatch& x, RowBatch& y, bool add, bool relu) const {
  if (winograd_.empty())
    plain(x, y, add, relu);
  else
    winograd(x, y, add, relu);
}

/// A job is one panel of columns: its weights are read once for many rows.
void ChannelsLastConv1d::plain(const RowBatch& x, RowBatch& y, bool add, bool relu) const {
  const int64_t panels = ceil_div(columns_, kGemmPanel), length = x.length(),
                width = x.rows.size(2);
  kernels::parallel_for(x.rows.size(0) * Part::count(length) * panels, [&](int64_t i, int) {
    const Part part(i / panels, length);
    kernels::gemm_columns(part.end - part.begin, row(x, part.b, part.begin - kernel_ / 2), width,
                          windows_, i % panels * kGemmPanel, row(y, part.b, part.begin), columns_,
                          bias_.data(), add, relu);
  });
}

/// A job is a part of the columns: its weights are read once for many rows, and what transforms of
/// the input are done again for each part is little beside the products.
void ChannelsLastConv1d::winograd(const RowBatch& x, RowBatch& y, bool add, bool relu) const {
  const kernels::WinogradConv1d& conv = winograd_[0];
  const int64_t threads = kernels::parallel_threads(), length = x.length(),
                panels = ceil_div(columns_, kGemmPanel),
                wide = ceil_div(panels, threads * kPartsPerThread) * kGemmPanel,
                parts = ceil_div(columns_, wide);
  const at::Tensor scratch = at::empty({threads, conv.scratch()});
  kernels::parallel_for(x.rows.size(0) * Part::count(length) * parts, [&](int64_t i, int thread) {
    const Part part(i / parts, length);
    const SignalRows from = {row(x, part.b, 0), 0, length}, to = {row(y, part.b, 0), 0, length};
    conv.run(from, to, part.begin, part.end,
             {.add = add,
              .out_slope = relu ? 0.0F : 1.0F,
              .first_column = i % parts * wide,
              .end_column = (i % parts + 1) * wide},
             scratch.data_ptr<float>() + thread * scratch.size(1));
  });
}

}  // namespace vl::nn
