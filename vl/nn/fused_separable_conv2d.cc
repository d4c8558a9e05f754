#include "vl/nn/fused_separable_conv2d.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/kernels/parallel.h"

namespace vl::nn {

namespace {

constexpr int64_t kJobsPerThread = 4, kLeastPairs = 4;  // of rows, in a job

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

FusedSeparableConv2d::FusedSeparableConv2d(const at::Tensor& point, const at::Tensor& point_bias,
                                           const at::Tensor& depth, const at::Tensor& depth_bias,
                                           bool relu)
    : out_(point.size(0)) {
  const at::Tensor p = point.contiguous(), pb = point_bias.contiguous(), d = depth.contiguous(),
                   db = depth_bias.contiguous();
  conv_ = {p.data_ptr<float>(),
           pb.data_ptr<float>(),
           d.data_ptr<float>(),
           db.data_ptr<float>(),
           out_,
           p.size(1),
           relu};
}

void FusedSeparableConv2d::run(const FeatureMap& x, const FeatureMap* y,
                               const FeatureMap* pooled) const {
  const kernels::ImageMap from = x.view(), none, to = y == nullptr ? none : y->view(),
                          half = pooled == nullptr ? none : pooled->view();
  const int64_t threads = kernels::parallel_threads(), pairs = ceil_div(from.height, 2),
                jobs = std::clamp<int64_t>(ceil_div(threads * kJobsPerThread, from.batch), 1,
                                           ceil_div(pairs, kLeastPairs));
  const at::Tensor scratch = at::empty({threads, conv_.scratch(from.width)});
  kernels::parallel_for(from.batch * jobs, [&](int64_t i, int thread) {
    const int64_t b = i / jobs, job = i % jobs, begin = pairs * job / jobs * 2,
                  end = std::min(pairs * (job + 1) / jobs * 2, from.height);
    conv_.run(from, to, half, b, begin, end, scratch.data_ptr<float>() + thread * scratch.size(1));
  });
}

FeatureMap FusedSeparableConv2d::operator()(const FeatureMap& x) const {
  const FeatureMap y =
      FeatureMap::empty(x.pixels.size(0), x.pixels.size(1), x.pixels.size(2), out_);
  run(x, &y, nullptr);
  return y;
}

FeatureMap FusedSeparableConv2d::pooled(const FeatureMap& x, FeatureMap* unpooled) const {
  const int64_t batch = x.pixels.size(0), height = x.pixels.size(1), width = x.pixels.size(2);
  if (unpooled != nullptr) *unpooled = FeatureMap::empty(batch, height, width, out_);
  const FeatureMap half = FeatureMap::empty(batch, height / 2, width / 2, out_);
  run(x, unpooled, &half);
  return half;
}

void add_upsampled(const FeatureMap& small, const FeatureMap& large) {
  const kernels::ImageMap from = small.view(), to = large.view();
  const int64_t channels = small.pixels.size(3);
  kernels::parallel_for(to.batch * to.height, [&](int64_t line, int) {
    const int64_t b = line / to.height, row = line % to.height;
    for (int64_t column = 0; column < to.width; ++column) {
      const float* s =
          from.data + ((b * from.height + row / 2) * from.width + column / 2) * from.stride;
      float* l = to.data + (line * to.width + column) * to.stride;
      for (int64_t c = 0; c < channels; ++c) l[c] += s[c];
    }
  });
}

}  // namespace vl::nn
