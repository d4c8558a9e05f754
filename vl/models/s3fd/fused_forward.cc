#include <ATen/ATen.h>

#include "vl/models/s3fd/layers.h"
#include "vl/models/s3fd/s3fd.h"

namespace vl::models::s3fd {

using nn::FeatureMap;
using nn::FusedConv2d;

namespace {

/// Sides that choose the convolutions' form (FusedConv2d::Options): of a picture small enough that
/// the deep layers, whose weights are large, take the form with few weights; of every head, where
/// that form is as fast.
constexpr int64_t kPictureSide = 128, kHeadSide = 8;

void keep(Taps* taps, const std::string& name, const FeatureMap& x) {
  if (taps != nullptr) models::keep(taps, name, x.nchw().contiguous());
}

/// Whether a level reads what this layer gives.
bool is_source(const std::string& layer) {
  for (const std::string source : kSources)
    if (source.substr(0, source.find("_norm")) == layer) return true;
  return false;
}

}  // namespace

void S3fd::loaded() {
  if (path() != nn::Path::kFused) return;
  int64_t side = kPictureSide;
  for (const Layer& l : kTrunk) {
    side /= l.stride * (l.pool ? 2 : 1);
    const nn::Conv2d& conv = *convs_.at(l.name);
    fused_.insert_or_assign(l.name, FusedConv2d(conv.weight.detach(), conv.bias.detach(),
                                                {.stride = {l.stride, l.stride},
                                                 .padding = {l.padding, l.padding},
                                                 .narrow = l.in == 0,
                                                 .side = side}));
  }
  for (const std::string source : kSources) {
    const nn::Conv2d &conf = *convs_.at(source + "_mbox_conf"),
                     &loc = *convs_.at(source + "_mbox_loc");
    fused_.insert_or_assign(source + "_mbox",
                            FusedConv2d(at::cat({conf.weight.detach(), loc.weight.detach()}),
                                        at::cat({conf.bias.detach(), loc.bias.detach()}),
                                        {.padding = {1, 1}, .side = kHeadSide}));
  }
}

/// Only what a head reads outlives the next layer: the first maps are the largest by far.
Heads S3fd::fast(const at::Tensor& frames, Taps* taps) const {
  std::map<std::string, FeatureMap> features;
  FeatureMap x = FeatureMap::copy_narrow(frames);
  for (const Layer& l : kTrunk) {
    if (l.pool) x = nn::max_pooled(x);
    x = fused_.at(l.name)(x, nullptr, /*relu=*/taps == nullptr);
    if (taps != nullptr) {
      keep(taps, std::string(l.name) + "_raw", x);
      x.pixels.relu_();
    }
    if (is_source(l.name)) features[l.name] = x;
  }
  Heads out;
  for (size_t i = 0; i < kLevels; ++i) {
    const std::string source = kSources[i];
    FeatureMap f = features.at(source.substr(0, source.find("_norm")));
    if (i < norms_.size()) {
      f = (*norms_[i])(f);
      keep(taps, source, f);
    }
    const at::Tensor both =
        fused_.at(source + "_mbox")(f, nullptr, /*relu=*/false).nchw().contiguous();
    const int64_t conf = both.size(1) - 4;
    set_level(out, i, both.slice(1, 0, conf), both.slice(1, conf));
  }
  return out;
}

}  // namespace vl::models::s3fd
