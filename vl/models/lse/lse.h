#pragma once

#include <array>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/nn/layers.h"

namespace vl::models::lse {

constexpr int64_t kFrames = 5;  ///< pictures of one window
constexpr int64_t kSide = 224;  ///< of a square face crop, pixels
constexpr int64_t kCepstra = 13, kColumns = 20;

/// The published network has one size; the struct keeps the registry's form.
struct LseConfig {
  int64_t embedding = 1024;
};
void describe(LseConfig& config, Fields& fields);

/// One convolution of a stack, with BatchNorm and ReLU after it, then max pooling where `pool` is
/// not 0.
struct LayerPlan {
  std::vector<int64_t> weight;  ///< [out, in, h, w] or [out, in, time, h, w]
  std::array<int64_t, 2> stride = {1, 1}, padding = {0, 0};
  int64_t pool = 0;  ///< side of its square window
  std::array<int64_t, 2> pool_stride = {2, 2}, pool_padding = {0, 0};
};

/// Such layers as an nn::Sequential numbers them: convolution n, BatchNorm n + 1, ReLU n + 2,
/// pooling n + 3 where there is one. After loading BatchNorm is folded into the convolution, and
/// time becomes channels (time before colour): every layer but the first has one time step.
class ConvStack : public nn::Module {
 public:
  explicit ConvStack(const std::vector<LayerPlan>& plans);
  ~ConvStack() override;
  /// @throws Error(kBadWeights) for a negative variance
  void loaded() override;
  /// @param x [B, time * in, H, W]
  /// @param taps gets PREFIX.N after the ReLU N - 2 of every convolution N
  at::Tensor operator()(const at::Tensor& x, Taps* taps, const char* prefix) const;

 private:
  struct Layer;
  std::vector<Layer> layers_;
};

/// Linear 512-512, BatchNorm, ReLU, Linear 512-embedding: keys 0, 1, 3.
class Head : public nn::Module {
 public:
  explicit Head(int64_t embedding);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::shared_ptr<nn::Linear> in_, out_;
  std::shared_ptr<nn::BatchNorm> norm_;
};

/// SyncNet of Chung and Zisserman 2016 as joonson/syncnet_python evaluates with it
/// (syncnet_v2.model): the distance of its two embeddings is what LSE-D and LSE-C are made of.
class Lse : public nn::Module {
 public:
  explicit Lse(const LseConfig& config);

  /// @param mfcc [B, 1, 13, 20] float32, columns of 10 ms (dsp::mfcc)
  /// @return [B, 1024] float32
  /// @throws Error(kBadValue) for other shapes
  at::Tensor embed_audio(const at::Tensor& mfcc, Taps* taps = nullptr) const;
  /// @param faces [B, 15, 224, 224] float32 in 0..255: B G R of the first picture, then of the
  /// second, ...; 25 pictures a second
  /// @return [B, 1024] float32
  /// @throws Error(kBadValue) for other shapes
  at::Tensor embed_faces(const at::Tensor& faces, Taps* taps = nullptr) const;

 private:
  std::shared_ptr<ConvStack> audio_, lips_;
  std::shared_ptr<Head> audio_head_, lips_head_;
};

/// Role "lse": syncnet_v2.model, a bare state dict, or one below "state_dict".
ModelClass lse_class();

}  // namespace vl::models::lse
