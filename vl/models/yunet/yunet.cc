#include "vl/models/yunet/yunet.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/model_class.h"

namespace vl::models::yunet {

namespace {

constexpr int64_t kMultiple = 32, kStrides[] = {8, 16, 32};

/// gamma / sqrt(var + eps)
at::Tensor norm_scale(const nn::BatchNorm& n) {
  if (n.running_var.lt(0).any().item<bool>())
    fail(Code::kBadWeights, "a BatchNorm of the face finder has a negative variance");
  return n.weight / (n.running_var + n.eps).sqrt();
}

/// A child without a forward of its own.
class Group : public nn::Module {
 public:
  template <class Child, class... Args>
  std::shared_ptr<Child> add(const std::string& name, Args&&... args) {
    return child<Child>(name, std::forward<Args>(args)...);
  }
};

}  // namespace

void describe(YunetConfig& c, Fields& f) { f.add("channels", &c.channels).range(64, 64); }

Unit::Unit(int64_t in, int64_t out, bool active) {
  conv1_ = child<nn::Conv2d>("conv1", nn::Conv2dOptions{.in = in, .out = out, .kernel = {1, 1}});
  conv2_ = child<nn::Conv2d>(
      "conv2",
      nn::Conv2dOptions{.in = out, .out = out, .kernel = {3, 3}, .padding = {1, 1}, .groups = out});
  if (active) bn_ = child<nn::BatchNorm>("bn", out);
}

void Unit::loaded() {
  weight_ = conv2_->weight;
  bias_ = conv2_->bias;
  if (bn_) {
    const at::Tensor s = norm_scale(*bn_);
    weight_ = conv2_->weight * s.reshape({-1, 1, 1, 1});
    bias_ = (conv2_->bias - bn_->running_mean) * s + bn_->bias;
  }
  if (path() == nn::Path::kFused) fused_ = joined({this});
}

std::unique_ptr<nn::FusedSeparableConv2d> Unit::joined(const std::vector<const Unit*>& units) {
  std::vector<at::Tensor> point, point_bias, depth, depth_bias;
  for (const Unit* unit : units) {
    point.push_back(unit->conv1_->weight.detach());
    point_bias.push_back(unit->conv1_->bias.detach());
    depth.push_back(unit->weight_.detach());
    depth_bias.push_back(unit->bias_.detach());
  }
  return std::make_unique<nn::FusedSeparableConv2d>(at::cat(point), at::cat(point_bias),
                                                    at::cat(depth), at::cat(depth_bias),
                                                    units[0]->bn_ != nullptr);
}

at::Tensor Unit::operator()(const at::Tensor& x) const {
  const at::Tensor y = at::conv2d((*conv1_)(x), weight_, bias_, 1, 1, 1, weight_.size(0));
  return bn_ ? y.relu() : y;
}

/// backbone.model0: conv1, bn1, ReLU, conv2.
struct Yunet::Stem : nn::Module {
  Stem() {
    conv1 = child<nn::Conv2d>(
        "conv1", nn::Conv2dOptions{
                     .in = 3, .out = 16, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    bn1 = child<nn::BatchNorm>("bn1", 16);
    conv2 = child<Unit>("conv2", 16, 16, true);
  }
  at::Tensor operator()(const at::Tensor& x) const { return (*conv2)((*bn1)((*conv1)(x)).relu()); }
  std::shared_ptr<nn::Conv2d> conv1;
  std::shared_ptr<nn::BatchNorm> bn1;
  std::shared_ptr<Unit> conv2;
};

Yunet::Yunet(const YunetConfig& config) {
  const int64_t c = config.channels;
  const auto backbone = child<Group>("backbone");
  stem_ = backbone->add<Stem>("model0");
  for (int i = 1; i <= 5; ++i) {
    const auto stage = backbone->add<Group>(fmt::format("model{}", i));
    const int64_t in = i == 1 ? 16 : c;
    stages_.push_back(
        {stage->add<Unit>("conv1", in, in, true), stage->add<Unit>("conv2", in, c, true)});
  }
  const auto lateral = child<Group>("neck")->add<Group>("lateral_convs");
  for (int i = 0; i < 3; ++i) lateral_.push_back(lateral->add<Unit>(std::to_string(i), c, c, true));
  const auto head = child<Group>("bbox_head");
  const auto share = head->add<Group>("multi_level_share_convs");
  for (int i = 0; i < 3; ++i)
    share_.push_back(share->add<Group>(std::to_string(i))->add<Unit>("0", c, c, true));
  const auto branch = [&](const char* name, int64_t out, auto& units) {
    const auto group = head->add<Group>(name);
    for (int i = 0; i < 3; ++i) units.push_back(group->add<Unit>(std::to_string(i), c, out, false));
  };
  branch("multi_level_cls", 1, cls_);
  branch("multi_level_bbox", 4, bbox_);
  branch("multi_level_obj", 1, obj_);
  branch("multi_level_kps", 10, kps_);
}

std::map<std::string, at::Tensor> Yunet::forward(const at::Tensor& frames) const {
  if (frames.dim() != 4 || frames.size(1) != 3 || frames.size(2) % kMultiple != 0 ||
      frames.size(3) % kMultiple != 0 || frames.numel() == 0)
    fail(Code::kBadValue, "the face finder takes [B,3,H,W] with H and W multiples of 32");
  return fused_stem_ != nullptr && fused(frames) ? fast(frames) : reference(frames.contiguous());
}

std::map<std::string, at::Tensor> Yunet::reference(const at::Tensor& frames) const {
  const auto pool = [](const at::Tensor& x) { return at::max_pool2d(x, {2, 2}, {2, 2}); };
  const auto up = [](const at::Tensor& x) {
    return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
  };
  at::Tensor x = pool((*stem_)(frames));
  std::vector<at::Tensor> features;
  for (size_t i = 0; i < stages_.size(); ++i) {
    x = (*stages_[i][1])((*stages_[i][0])(x));
    if (i >= 2) features.push_back(x);
    if (i >= 1 && i <= 3) x = pool(x);
  }
  at::Tensor levels[3];
  levels[2] = (*lateral_[2])(features[2]);
  levels[1] = (*lateral_[1])(features[1] + up(levels[2]));
  levels[0] = (*lateral_[0])(features[0] + up(levels[1]));
  std::map<std::string, at::Tensor> out;
  for (size_t l = 0; l < 3; ++l) {
    const at::Tensor t = (*share_[l])(levels[l]);
    const auto put = [&](const char* name, const Unit& unit, bool sigmoid) {
      const at::Tensor y = unit(t);
      const at::Tensor cells = y.permute({0, 2, 3, 1}).reshape({y.size(0), -1, y.size(1)});
      out[fmt::format("{}_{}", name, kStrides[l])] = sigmoid ? cells.sigmoid() : cells;
    };
    put("cls", *cls_[l], true);
    put("obj", *obj_[l], true);
    put("bbox", *bbox_[l], false);
    put("kps", *kps_[l], false);
  }
  return out;
}

void Yunet::loaded() {
  if (path() != nn::Path::kFused) return;
  const at::Tensor s = norm_scale(*stem_->bn1);
  fused_stem_ = std::make_unique<nn::FusedConv2d>(
      (stem_->conv1->weight * s.reshape({-1, 1, 1, 1})).detach(),
      ((stem_->conv1->bias - stem_->bn1->running_mean) * s + stem_->bn1->bias).detach(),
      nn::FusedConv2d::Options{.stride = {2, 2}, .padding = {1, 1}, .narrow = true});
  heads_.clear();
  for (size_t l = 0; l < 3; ++l)
    heads_.push_back(Unit::joined({cls_[l].get(), obj_[l].get(), bbox_[l].get(), kps_[l].get()}));
}

void Yunet::unload() {
  fused_stem_.reset();
  heads_.clear();
}

std::map<std::string, at::Tensor> Yunet::fast(const at::Tensor& frames) const {
  using nn::FeatureMap;
  FeatureMap x = stem_->conv2->fast().pooled(
      (*fused_stem_)(FeatureMap::copy_narrow(frames), nullptr, /*relu=*/true));
  std::vector<FeatureMap> levels;  // of strides 8, 16, 32
  for (size_t i = 0; i < stages_.size(); ++i) {
    const nn::FusedSeparableConv2d& last = stages_[i][1]->fast();
    x = stages_[i][0]->fast()(x);
    FeatureMap level;
    x = i == 0 || i == 4 ? last(x) : last.pooled(x, i == 1 ? nullptr : &level);
    if (i >= 2) levels.push_back(i == 4 ? x : level);
  }
  std::map<std::string, at::Tensor> out;
  for (size_t l = 3; l-- > 0;) {
    if (l < 2) nn::add_upsampled(levels[l + 1], levels[l]);
    levels[l] = lateral_[l]->fast()(levels[l]);
    const at::Tensor cells = (*heads_[l])(share_[l]->fast()(levels[l])).pixels.flatten(1, 2);
    const auto put = [&](const char* name, int64_t first, int64_t count) {
      out[fmt::format("{}_{}", name, kStrides[l])] =
          cells.slice(2, first, first + count).contiguous();
    };
    put("cls", 0, 1), put("obj", 1, 1), put("bbox", 2, 4), put("kps", 6, 10);
    for (const char* name : {"cls", "obj"}) out[fmt::format("{}_{}", name, kStrides[l])].sigmoid_();
  }
  return out;
}

namespace {

constexpr float kNmsIou = 0.3F, kFarthest = 1e6F;

float iou(const Face& a, const Face& b) {
  const float w = std::max(0.0F, std::min(a.box[2], b.box[2]) - std::max(a.box[0], b.box[0]));
  const float h = std::max(0.0F, std::min(a.box[3], b.box[3]) - std::max(a.box[1], b.box[1]));
  const auto area = [](const Face& f) { return (f.box[2] - f.box[0]) * (f.box[3] - f.box[1]); };
  return w * h / (area(a) + area(b) - w * h);
}

void collect_level(const std::map<std::string, at::Tensor>& raw, int64_t stride, int64_t columns,
                   int64_t item, float threshold, std::vector<Face>& out) {
  const auto level = [&](const char* name) {
    return raw.at(fmt::format("{}_{}", name, stride))[item].contiguous();
  };
  const at::Tensor cls = level("cls"), obj = level("obj"), bbox = level("bbox"), kps = level("kps");
  const float *c = cls.data_ptr<float>(), *o = obj.data_ptr<float>(), *b = bbox.data_ptr<float>(),
              *k = kps.data_ptr<float>();
  const auto s = static_cast<float>(stride);
  for (int64_t i = 0; i < cls.size(0); ++i) {
    const float score = std::sqrt(c[i] * o[i]);
    if (!(score >= threshold)) continue;
    const int64_t line = i / columns;
    const auto column = static_cast<float>(i % columns), row = static_cast<float>(line);
    const float cx = (b[4 * i] + column) * s, cy = (b[4 * i + 1] + row) * s;
    const float w = std::exp(b[4 * i + 2]) * s, h = std::exp(b[4 * i + 3]) * s;
    // A box beyond this is an overflow of exp(), and would not fit the integers it becomes.
    if (!(std::abs(cx) + w < kFarthest && std::abs(cy) + h < kFarthest)) continue;
    Face f{.box = {cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2}, .score = score};
    for (size_t p = 0; p < 5; ++p)
      f.landmarks[p] = {(k[10 * i + 2 * static_cast<int64_t>(p)] + column) * s,
                        (k[10 * i + 2 * static_cast<int64_t>(p) + 1] + row) * s};
    out.push_back(f);
  }
}

}  // namespace

std::vector<Face> decode_faces(const std::map<std::string, at::Tensor>& raw, int64_t height,
                               int64_t width, int64_t item, float threshold) {
  std::vector<Face> all, kept;
  for (const int64_t stride : kStrides)
    collect_level(raw, stride, width / stride, item, threshold, all);
  std::stable_sort(all.begin(), all.end(),
                   [](const Face& a, const Face& b) { return a.score > b.score; });
  for (const Face& f : all)
    if (std::none_of(kept.begin(), kept.end(), [&](const Face& k) { return iou(k, f) > kNmsIou; }))
      kept.push_back(f);
  return kept;
}

at::Tensor network_frames(const at::Tensor& bgr) {
  const auto whole = [](int64_t n) { return (n + kMultiple - 1) / kMultiple * kMultiple; };
  const int64_t height = bgr.size(1), width = bgr.size(2);
  at::Tensor x = at::empty({bgr.size(0), whole(height), whole(width), 3}, at::kFloat);
  x.slice(1, 0, height).slice(2, 0, width).copy_(bgr);
  x.slice(1, height).zero_();
  x.slice(1, 0, height).slice(2, width).zero_();
  return x.permute({0, 3, 1, 2});
}

std::vector<Face> detect(const Yunet& net, const at::Tensor& bgr, float threshold) {
  const at::Tensor x = network_frames(bgr.unsqueeze(0));
  return decode_faces(net.forward(x), x.size(2), x.size(3), 0, threshold);
}

namespace {

using weights::Checkpoint;

bool recognise(const Checkpoint& checkpoint) {
  for (const char* entry : {"state_dict", ""}) {
    const weights::Value* v = *entry == '\0' ? &checkpoint.root : checkpoint.root.find(entry);
    if (v != nullptr && v->tensors().contains("backbone.model0.conv1.weight")) return true;
  }
  return false;
}

ModelFile import(const Checkpoint& checkpoint) {
  if (!recognise(checkpoint))
    throw Error(Code::kWrongModelKind, checkpoint.file + " is not a YuNet face detector",
                Where{.file = checkpoint.file});
  ModelFile out{.role = "face", .arch = "yunet", .config = config_to_json(YunetConfig{})};
  for (const auto& [key, value] :
       weights::to_float32(weights::strip_module(checkpoint.tensors({"state_dict", ""}))))
    if (key.find("num_batches_tracked") == std::string::npos) out.tensors.set(key, value);
  return out;
}

}  // namespace

ModelClass yunet_class() {
  return model_class<Yunet, YunetConfig>("face", "yunet", recognise, import);
}

}  // namespace vl::models::yunet
