#include "vl/models/s3fd/s3fd.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/manifest.h"
#include "vl/models/model_class.h"
#include "vl/models/s3fd/layers.h"

namespace vl::models::s3fd {

namespace {

constexpr int64_t kLeastSide = 32;
constexpr double kNormEps = 1e-10;

int64_t channels_of(const std::string& source, int64_t width) {
  for (const Layer& layer : kTrunk)
    if (source.rfind(layer.name, 0) == 0) return layer.out * width;
  return 0;
}

}  // namespace

void describe(S3fdConfig& c, Fields& f) { f.add("width", &c.width).range(1, 1024); }

L2Norm::L2Norm(int64_t channels) { weight_ = parameter("weight", {channels}); }

at::Tensor L2Norm::operator()(const at::Tensor& x) const {
  const at::Tensor length = x.square().sum(1, /*keepdim=*/true).sqrt() + kNormEps;
  return x / length * weight_.reshape({1, -1, 1, 1});
}

nn::FeatureMap L2Norm::operator()(const nn::FeatureMap& x) const {
  const at::Tensor length =
      at::linalg_vector_norm(x.pixels, 2, at::IntArrayRef{3}, /*keepdim=*/true) + kNormEps;
  const int64_t padding = x.pixels.size(3) - x.channels;
  return {x.pixels.div(length).mul_(at::constant_pad_nd(weight_.detach(), {0, padding})),
          x.channels};
}

S3fd::S3fd(const S3fdConfig& c) {
  const auto conv = [&](const std::string& name, const nn::Conv2dOptions& options) {
    convs_[name] = child<nn::Conv2d>(name, options);
  };
  for (const Layer& l : kTrunk)
    conv(l.name, {.in = l.in == 0 ? 3 : l.in * c.width,
                  .out = l.out * c.width,
                  .kernel = {l.kernel, l.kernel},
                  .stride = {l.stride, l.stride},
                  .padding = {l.padding, l.padding}});
  for (size_t i = 0; i < norms_.size(); ++i)
    norms_[i] = child<L2Norm>(kSources[i], channels_of(kSources[i], c.width));
  for (int i = 0; i < kLevels; ++i)
    for (const auto& [kind, out] : {std::pair{"conf", i == 0 ? 4 : 2}, std::pair{"loc", 4}})
      conv(fmt::format("{}_mbox_{}", kSources[i], kind), {.in = channels_of(kSources[i], c.width),
                                                          .out = out,
                                                          .kernel = {3, 3},
                                                          .padding = {1, 1}});
}

Heads S3fd::forward(const at::Tensor& frames, Taps* taps) const {
  if (frames.dim() != 4 || frames.size(1) != 3 || frames.size(2) < kLeastSide ||
      frames.size(3) < kLeastSide || frames.size(0) == 0)
    fail(Code::kBadValue, "the face finder takes [B,3,H,W] with H and W of at least {}",
         kLeastSide);
  return !fused_.empty() && fused(frames) ? fast(frames, taps) : reference(frames, taps);
}

/// The first level has three backgrounds; the likeliest counts.
void S3fd::set_level(Heads& heads, size_t level, const at::Tensor& conf, const at::Tensor& loc) {
  heads.loc[level] = loc;
  heads.conf[level] =
      level > 0 ? conf
                : at::cat({conf.slice(1, 0, 3).amax(1, /*keepdim=*/true), conf.slice(1, 3, 4)}, 1);
}

Heads S3fd::reference(const at::Tensor& frames, Taps* taps) const {
  std::map<std::string, at::Tensor> features;
  at::Tensor x = frames;
  for (const Layer& l : kTrunk) {
    if (l.pool) x = at::max_pool2d(x, {2, 2}, {2, 2});
    x = (*convs_.at(l.name))(x);
    keep(taps, std::string(l.name) + "_raw", x);
    x = x.relu_();
    features[l.name] = x;
  }
  Heads out;
  for (size_t i = 0; i < kLevels; ++i) {
    const std::string source = kSources[i];
    at::Tensor f = features.at(source.substr(0, source.find("_norm")));
    if (i < norms_.size()) {
      f = (*norms_[i])(f);
      keep(taps, source, f);
    }
    set_level(out, i, (*convs_.at(source + "_mbox_conf"))(f),
              (*convs_.at(source + "_mbox_loc"))(f));
  }
  return out;
}

at::Tensor network_frames(const at::Tensor& bgr) {
  const at::Tensor rgb = bgr.flip(3).permute({0, 3, 1, 2}).to(at::kFloat);
  return (rgb - at::tensor({104.0F, 117.0F, 123.0F}).reshape({1, 3, 1, 1})).contiguous();
}

namespace {

using weights::Checkpoint;

bool recognise(const Checkpoint& checkpoint) {
  for (const char* entry : {"state_dict", ""}) {
    const weights::Value* v = *entry == '\0' ? &checkpoint.root : checkpoint.root.find(entry);
    if (v == nullptr) continue;
    const weights::StateDict t = weights::strip_module(v->tensors());
    if (t.contains("conv3_3_norm_mbox_conf.weight") && t.contains("fc7.weight")) return true;
  }
  return false;
}

ModelFile import(const Checkpoint& checkpoint) {
  if (!recognise(checkpoint))
    throw Error(Code::kWrongModelKind, checkpoint.file + " is not an S3FD face detector",
                Where{.file = checkpoint.file});
  const weights::StateDict tensors =
      weights::to_float32(weights::strip_module(checkpoint.tensors({"state_dict", ""})));
  const S3fdConfig config{.width = size_of(tensors, "conv1_1.weight", 4, 0)};
  return {.role = "face", .arch = "s3fd", .config = config_to_json(config), .tensors = tensors};
}

}  // namespace

ModelClass s3fd_class() { return model_class<S3fd, S3fdConfig>("face", "s3fd", recognise, import); }

}  // namespace vl::models::s3fd
