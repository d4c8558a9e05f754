#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/nn/fused_conv2d.h"
#include "vl/nn/fused_separable_conv2d.h"
#include "vl/nn/layers.h"

namespace vl::models::yunet {

/// YuNet-n has one size; the struct keeps the registry's form.
struct YunetConfig {
  int64_t channels = 64;  ///< of the neck and heads
};
void describe(YunetConfig& config, Fields& fields);

/// Pointwise then depthwise convolution (both with bias), BatchNorm and ReLU where `active`.
/// BatchNorm is folded into the depthwise convolution after loading; the fast path computes both
/// convolutions, ReLU and a max-pooling that follows in one pass.
class Unit : public nn::Module {
 public:
  Unit(int64_t in, int64_t out, bool active);
  void loaded() override;
  at::Tensor operator()(const at::Tensor& x) const;
  const nn::FusedSeparableConv2d& fast() const { return *fused_; }
  /// Units on the same input as one whose results lie side by side.
  static std::unique_ptr<nn::FusedSeparableConv2d> joined(const std::vector<const Unit*>& units);

 protected:
  void unload() override { fused_.reset(); }

 private:
  std::shared_ptr<nn::Conv2d> conv1_, conv2_;
  std::shared_ptr<nn::BatchNorm> bn_;
  at::Tensor weight_, bias_;
  std::unique_ptr<nn::FusedSeparableConv2d> fused_;
};

/// The network of ShiqiYu/libfacedetection.train (Wu et al. 2023): strides 8, 16, 32, one box and
/// five landmarks a cell.
class Yunet : public nn::Module {
 public:
  explicit Yunet(const YunetConfig& config);
  void loaded() override;
  /// @param frames [B, 3, H, W] float32 B G R in 0..255; H and W multiples of 32
  /// @return "cls_8" ... "kps_32": [B, cells, C] with C = 1 (cls, obj; after the sigmoid), 4
  /// (bbox), 10 (kps)
  /// Channels-last memory is read as it lies. @throws Error(kBadValue) for other sizes
  std::map<std::string, at::Tensor> forward(const at::Tensor& frames) const;

 protected:
  void unload() override;

 private:
  std::map<std::string, at::Tensor> reference(const at::Tensor& frames) const;
  std::map<std::string, at::Tensor> fast(const at::Tensor& frames) const;

  struct Stem;
  std::shared_ptr<Stem> stem_;
  std::vector<std::array<std::shared_ptr<Unit>, 2>> stages_;  ///< backbone.model1 .. model5
  std::vector<std::shared_ptr<Unit>> lateral_, share_, cls_, obj_, bbox_, kps_;
  std::unique_ptr<nn::FusedConv2d> fused_stem_;  ///< model0.conv1 with bn1
  std::vector<std::unique_ptr<nn::FusedSeparableConv2d>>
      heads_;  ///< cls, obj, bbox, kps of a level
};

/// A found face, pixels of the picture that was given.
struct Face {
  std::array<float, 4> box = {};  ///< x1 y1 x2 y2
  float score = 0.0F;             ///< sqrt(cls * obj)
  std::array<std::array<float, 2>, 5> landmarks =
      {};  ///< eye, eye (image left, right), nose tip, mouth corners
};

/// Boxes of the raw outputs with score >= threshold, greedy NMS at IoU 0.3, by descending score
/// (ties: stride, row, column).
/// @param item which picture of the batch
std::vector<Face> decode_faces(const std::map<std::string, at::Tensor>& raw, int64_t height,
                               int64_t width, int64_t item, float threshold);

/// forward() and decode_faces() for one picture. @param bgr [H, W, 3] uint8, any size: padded with
/// zeros to multiples of 32
std::vector<Face> detect(const Yunet& net, const at::Tensor& bgr, float threshold);

/// [B, H, W, 3] uint8 as the network wants it; channels stay last in memory.
at::Tensor network_frames(const at::Tensor& bgr);

/// Role "face", arch "yunet": yunet_n.pth ({meta, state_dict, optimizer}).
ModelClass yunet_class();

}  // namespace vl::models::yunet
