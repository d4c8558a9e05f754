#pragma once

#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/models/wav2lip/conv_block.h"

namespace vl::models::syncnet {

constexpr int64_t kFrames = 5;  ///< pictures of one window
constexpr int64_t kFaceHeight = 48, kFaceWidth = 96, kMels = 80, kColumns = 16;

/// Channel counts of the lip-sync expert of Prajwal et al. 2020 (SyncNet_color); the topology is
/// fixed, the defaults are the public file's. The last of `face` and of `audio` agree.
struct SyncNetConfig {
  /// Of face_encoder.0, 1, 4, 8, 11, 14, 15, 16; the layers between have those of the one before.
  std::vector<int64_t> face = {32, 64, 128, 256, 512, 512, 512, 512};
  /// Of audio_encoder.0, 3, 6, 9, 12, 13.
  std::vector<int64_t> audio = {32, 64, 128, 256, 512, 512};
};
void describe(SyncNetConfig& config, Fields& fields);

/// Do five lower halves of a face and the mel window of the same 0.2 s belong together?
class SyncNet : public nn::Module {
 public:
  /// @throws Error(kUnsupportedVariant) for other numbers of stages, Error(kBadWeights) for
  /// embeddings of different lengths
  explicit SyncNet(const SyncNetConfig& config);
  const SyncNetConfig& config() const { return config_; }

  /// @param mel [B, 1, 80, 16] float32 in [-4, 4]
  /// @return [B, D] of 2-norm 1 (all zeros stay zeros), no element negative
  /// @throws Error(kBadValue) for other shapes
  at::Tensor embed_audio(const at::Tensor& mel, Taps* taps = nullptr) const;
  /// @param faces [B, 15, 48, 96] float32 in [0, 1]: lower halves of five pictures, B G R of the
  /// first, then of the second, ...
  /// @return as embed_audio
  /// @throws Error(kBadValue) for other shapes
  at::Tensor embed_faces(const at::Tensor& faces, Taps* taps = nullptr) const;

 private:
  using Encoder = nn::ListOf<wav2lip::ConvBlock>;
  SyncNetConfig config_;
  std::shared_ptr<Encoder> face_, audio_;
};

/// Role "syncnet": {"state_dict": ...} with or without "module.", or a bare state dict.
ModelClass syncnet_class();

}  // namespace vl::models::syncnet
