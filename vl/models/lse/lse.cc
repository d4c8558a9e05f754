#include "vl/models/lse/lse.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/model_class.h"
#include "vl/models/wav2lip/kinds.h"

namespace vl::models::lse {

namespace {

constexpr int64_t kHidden = 512;

/// Holder of the weight and bias of a convolution of any rank.
class Weights : public nn::Module {
 public:
  explicit Weights(const std::vector<int64_t>& shape)
      : weight(parameter("weight", shape)), bias(parameter("bias", {shape[0]})) {}
  at::Tensor weight, bias;
};

std::vector<LayerPlan> audio_plan() {
  const auto same = [](int64_t in, int64_t out) {
    return LayerPlan{.weight = {out, in, 3, 3}, .padding = {1, 1}};
  };
  LayerPlan second = same(64, 192), last = same(256, 256);
  second.pool = 3, second.pool_stride = {1, 2};
  last.pool = 3;
  // The first has a pool of one pixel, which does nothing but take a number.
  LayerPlan first = same(1, 64);
  first.pool = 1, first.pool_stride = {1, 1};
  return {first, second, same(192, 384), same(384, 256), last, {.weight = {512, 256, 5, 4}}};
}

std::vector<LayerPlan> lips_plan() {
  const LayerPlan same{.weight = {256, 256, 1, 3, 3}, .padding = {1, 1}};
  LayerPlan last = same;
  last.pool = 3;
  return {{.weight = {96, 3, kFrames, 7, 7}, .stride = {2, 2}, .pool = 3},
          {.weight = {256, 96, 1, 5, 5},
           .stride = {2, 2},
           .padding = {1, 1},
           .pool = 3,
           .pool_padding = {1, 1}},
          same,
          same,
          last,
          {.weight = {512, 256, 1, 6, 6}}};
}

}  // namespace

void describe(LseConfig& c, Fields& f) { f.add("embedding", &c.embedding).range(1024, 1024); }

struct ConvStack::Layer {
  LayerPlan plan;
  int number = 0;
  std::shared_ptr<Weights> conv;
  std::shared_ptr<nn::BatchNorm> norm;
  at::Tensor weight = {}, bias = {};  ///< folded
};

ConvStack::ConvStack(const std::vector<LayerPlan>& plans) {
  int number = 0;
  for (const LayerPlan& plan : plans) {
    layers_.push_back({.plan = plan,
                       .number = number,
                       .conv = child<Weights>(std::to_string(number), plan.weight),
                       .norm = child<nn::BatchNorm>(std::to_string(number + 1), plan.weight[0])});
    number += plan.pool > 0 ? 4 : 3;
  }
}

ConvStack::~ConvStack() = default;

void ConvStack::loaded() {
  for (Layer& l : layers_) {
    if (l.norm->running_var.lt(0).any().item<bool>())
      fail(Code::kBadWeights, "a BatchNorm has a negative variance");
    const at::Tensor s = l.norm->weight / (l.norm->running_var + l.norm->eps).sqrt();
    at::Tensor w = l.conv->weight;
    if (w.dim() == 5) w = w.transpose(1, 2).flatten(1, 2);
    l.weight = (w * s.reshape({-1, 1, 1, 1})).contiguous();
    l.bias = (l.conv->bias - l.norm->running_mean) * s + l.norm->bias;
  }
}

at::Tensor ConvStack::operator()(const at::Tensor& in, Taps* taps, const char* prefix) const {
  at::Tensor x = in;
  for (const Layer& l : layers_) {
    const LayerPlan& p = l.plan;
    x = at::conv2d(x, l.weight, l.bias, p.stride, p.padding).relu_();
    keep(taps, fmt::format("{}.{}", prefix, l.number), x);
    if (p.pool > 1) x = at::max_pool2d(x, {p.pool, p.pool}, p.pool_stride, p.pool_padding);
  }
  return x;
}

Head::Head(int64_t embedding) {
  in_ = child<nn::Linear>("0", kHidden, kHidden);
  norm_ = child<nn::BatchNorm>("1", kHidden);
  out_ = child<nn::Linear>("3", kHidden, embedding);
}

at::Tensor Head::operator()(const at::Tensor& x) const {
  return (*out_)((*norm_)((*in_)(x)).relu());
}

Lse::Lse(const LseConfig& config) {
  audio_ = child<ConvStack>("netcnnaud", audio_plan());
  audio_head_ = child<Head>("netfcaud", config.embedding);
  lips_head_ = child<Head>("netfclip", config.embedding);
  lips_ = child<ConvStack>("netcnnlip", lips_plan());
}

at::Tensor Lse::embed_audio(const at::Tensor& mfcc, Taps* taps) const {
  if (mfcc.dim() != 4 || mfcc.size(1) != 1 || mfcc.size(2) != kCepstra || mfcc.size(3) != kColumns)
    fail(Code::kBadValue, "the model of role lse takes mfcc [B,1,13,20]");
  return (*audio_head_)((*audio_)(mfcc, taps, "netcnnaud").flatten(1));
}

at::Tensor Lse::embed_faces(const at::Tensor& faces, Taps* taps) const {
  if (faces.dim() != 4 || faces.size(1) != 3 * kFrames || faces.size(2) != kSide ||
      faces.size(3) != kSide)
    fail(Code::kBadValue, "the model of role lse takes faces [B,15,224,224]");
  return (*lips_head_)((*lips_)(faces, taps, "netcnnlip").flatten(1));
}

namespace {

using weights::Checkpoint;

bool is_lse(const weights::StateDict& t) {
  return t.contains("netcnnlip.0.weight") && t.contains("netcnnaud.0.weight");
}

bool recognise(const Checkpoint& checkpoint) { return is_lse(wav2lip::family_tensors(checkpoint)); }

ModelFile import(const Checkpoint& checkpoint) {
  const weights::StateDict t = wav2lip::family_tensors(checkpoint);
  if (!is_lse(t)) wav2lip::wrong_kind(checkpoint, t, "lse");
  return {.role = "lse",
          .arch = "lse",
          .config = config_to_json(LseConfig{}),
          .tensors = wav2lip::trained_values(t)};
}

}  // namespace

ModelClass lse_class() { return model_class<Lse, LseConfig>("lse", "lse", recognise, import); }

}  // namespace vl::models::lse
