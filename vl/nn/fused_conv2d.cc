#include "vl/nn/fused_conv2d.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/kernels/parallel.h"
#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"

namespace vl::nn {

using kernels::kGemmPanel;
using kernels::padded_channels;

namespace {

constexpr int64_t kTile2Side = 4, kTile4Side = 10;  // least sides that pay
constexpr int64_t kJobsPerThread = 4, kLeastWindows = 24;
constexpr int64_t kWideWeights = 1 << 17;  // floats; more are shared by columns

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The weight with zeros where the input's parts are padded.
at::Tensor padded_input(const at::Tensor& weight, int64_t dim, std::vector<int64_t> parts) {
  if (parts.empty()) parts = {weight.size(dim)};
  std::vector<at::Tensor> out;
  int64_t first = 0;
  for (const int64_t part : parts) {
    const at::Tensor w = weight.slice(dim, first, first + part).transpose(0, dim);
    const int64_t missing = padded_channels(part) - part;
    out.push_back(at::constant_pad_nd(w, {0, 0, 0, 0, 0, 0, 0, missing}).transpose(0, dim));
    first += part;
  }
  return at::cat(out, dim).contiguous();
}

/// How a convolution is cut into jobs: equal runs of windows, and one run of columns a thread where
/// few windows meet many weights (each of them gathers the windows anew).
struct Cut {
  int64_t runs, parts, width;

  template <class Conv>
  Cut(const Conv& conv, int64_t windows) {
    const int64_t panels = ceil_div(conv.columns(), kGemmPanel),
                  threads = kernels::parallel_threads(),
                  jobs = threads > 1 ? threads * kJobsPerThread : 1;
    runs = ceil_div(windows, conv.block()), parts = 1;
    if (runs < jobs && conv.weights() > kWideWeights)
      parts = std::min(panels, threads);
    else if (runs < jobs)
      runs = std::max(runs, std::min(jobs, ceil_div(windows, kLeastWindows)));
    width = ceil_div(panels, parts) * kGemmPanel;
    parts = ceil_div(panels * kGemmPanel, width);
  }
};

}  // namespace

FusedConv2d::FusedConv2d(const at::Tensor& weight, const at::Tensor& bias, const Options& o)
    : out_(weight.size(o.transposed ? 1 : 0)) {
  const at::Tensor b = bias.contiguous();
  const at::Tensor w =
      o.narrow ? weight.contiguous() : padded_input(weight, o.transposed ? 0 : 1, o.parts);
  const kernels::Conv2dShape shape = {.out = out_,
                                      .in = w.size(o.transposed ? 0 : 1),
                                      .kernel = {w.size(2), w.size(3)},
                                      .stride = o.stride,
                                      .padding = o.padding,
                                      .narrow = o.narrow};
  const auto *p = w.data_ptr<float>(), *shift = b.data_ptr<float>();
  const std::array<int64_t, 2> three = {3, 3}, one = {1, 1};
  if (o.transposed)
    form_ = kernels::DirectConv2d::transposed(p, shift, shape);
  else if (o.narrow || shape.kernel != three || o.stride != one || o.side < kTile2Side ||
           o.padding[0] != o.padding[1])
    form_ = kernels::DirectConv2d(p, shift, shape);
  else
    form_ = kernels::WinogradConv2d(p, shift, out_, shape.in, o.padding[0],
                                    o.side < kTile4Side ? 2 : 4);
}

void FusedConv2d::run(const FeatureMap& x, const FeatureMap& y, const FeatureMap* residual,
                      bool relu) const {
  const kernels::ImageMap from = x.view(), to = y.view(),
                          kept = residual == nullptr ? from : residual->view();
  std::visit(
      [&](const auto& conv) {
        const int64_t windows = conv.windows(from);
        const Cut cut(conv, windows);
        const at::Tensor scratch = at::empty({kernels::parallel_threads(), conv.scratch()});
        kernels::parallel_for(cut.runs * cut.parts, [&](int64_t i, int thread) {
          const int64_t run = i / cut.parts, part = i % cut.parts;
          conv.run(from, to, windows * run / cut.runs, windows * (run + 1) / cut.runs,
                   {.residual = residual == nullptr ? nullptr : &kept,
                    .relu = relu,
                    .first_column = part * cut.width,
                    .end_column = (part + 1) * cut.width},
                   scratch.data_ptr<float>() + thread * scratch.size(1));
        });
      },
      form_);
}

FeatureMap FusedConv2d::operator()(const FeatureMap& x, const FeatureMap* residual,
                                   bool relu) const {
  const auto size = std::visit(
      [&](const auto& conv) { return conv.result_size(x.pixels.size(1), x.pixels.size(2)); },
      form_);
  const FeatureMap y = FeatureMap::empty(x.pixels.size(0), size[0], size[1], out_);
  run(x, y, residual, relu);
  return y;
}

}  // namespace vl::nn
