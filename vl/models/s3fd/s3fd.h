#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/fused_conv2d.h"
#include "vl/nn/layers.h"

namespace vl::models::s3fd {

struct S3fdConfig {
  int64_t width = 64;  ///< channels of conv1_1; every other count is a multiple of it
};
void describe(S3fdConfig& config, Fields& fields);

/// Scales every place's channels to length one, then each channel by its weight.
class L2Norm : public nn::Module {
 public:
  explicit L2Norm(int64_t channels);
  /// x [B, C, H, W]
  at::Tensor operator()(const at::Tensor& x) const;
  /// The fast path; differs by rounding.
  nn::FeatureMap operator()(const nn::FeatureMap& x) const;

 private:
  at::Tensor weight_;
};

/// Outputs of the six levels (strides 4 to 128), finest first.
struct Heads {
  std::array<at::Tensor, 6> conf;  ///< [B, 2, h, w] before the softmax: background, face
  std::array<at::Tensor, 6> loc;   ///< [B, 4, h, w] offsets of the centre and logarithms of sizes
};

/// S3FD (Zhang et al. 2017), the face detector of Wav2Lip (from face_alignment): VGG16 with six
/// detection layers, one anchor of four strides a cell. The fast path keeps channels last, adds
/// bias and ReLU within the convolutions and computes both heads of a level as one.
class S3fd : public nn::Module {
 public:
  explicit S3fd(const S3fdConfig& config);
  void loaded() override;
  /// @param frames [B, 3, H, W] float32 as network_frames() gives them; H and W at least 32
  /// @param taps null, or receives convX_Y_raw before ReLU and convX_Y_norm after L2Norm, by the
  /// names of the parity data
  /// @throws Error(kBadValue) for other sizes
  Heads forward(const at::Tensor& frames, Taps* taps = nullptr) const;

 protected:
  void unload() override { fused_.clear(); }

 private:
  static void set_level(Heads& heads, size_t level, const at::Tensor& conf, const at::Tensor& loc);
  Heads reference(const at::Tensor& frames, Taps* taps) const;
  Heads fast(const at::Tensor& frames, Taps* taps) const;

  std::map<std::string, std::shared_ptr<nn::Conv2d>> convs_;
  std::array<std::shared_ptr<L2Norm>, 3> norms_;
  std::map<std::string, nn::FusedConv2d> fused_;  ///< of the trunk, and heads by their source
};

/// [B, H, W, 3] uint8 B G R as the network wants it: R G B, each minus the mean of the public code,
/// which belongs to the other order. @return [B, 3, H, W] float32
at::Tensor network_frames(const at::Tensor& bgr);

/// A candidate, pixels of the picture that was given.
struct Box {
  std::array<float, 4> box = {};  ///< x1 y1 x2 y2
  float score = 0.0F;             ///< probability of a face
};

/// Candidates with a score above 0.05, by level, row and column, as the public decode() gives them.
/// @param item which picture of the batch
std::vector<Box> candidates(const Heads& heads, int64_t item);
/// Greedy suppression by descending score at IoU 0.3, areas counted in whole pixels; equal scores
/// keep their order. @return indices of those that stay
std::vector<size_t> suppress(const std::vector<Box>& boxes);
/// Those that stay and have a score above `threshold`, best first.
std::vector<Box> detections(const Heads& heads, int64_t item, float threshold = 0.5F);
/// forward() and detections() for one picture. @param bgr [H, W, 3] uint8
std::vector<Box> detect(const S3fd& net, const at::Tensor& bgr, float threshold = 0.5F);

/// Role "face", arch "s3fd": s3fd-619a316812.pth, a bare state dict.
ModelClass s3fd_class();

}  // namespace vl::models::s3fd
