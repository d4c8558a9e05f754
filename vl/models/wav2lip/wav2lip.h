#pragma once

#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/models/wav2lip/conv_block.h"

namespace vl::models::wav2lip {

/// Channel counts of the generator of Prajwal et al. 2020; the topology is fixed, the defaults are
/// the public files'.
struct Wav2LipConfig {
  int64_t image = 96;
  std::vector<int64_t> face = {16,  32,  64, 128,
                               256, 512, 512};  ///< out channels of face_encoder_blocks
  std::vector<int64_t> audio = {32, 64, 128, 256, 512, 512};  ///< of the stages of audio_encoder
  std::vector<int64_t> decoder = {512, 512, 512, 384, 256, 128, 64};  ///< of face_decoder_blocks
  int64_t output = 32;                                                ///< of output_block.0
};
void describe(Wav2LipConfig& config, Fields& fields);

/// Outputs of the blocks by module path, decoder blocks before the concatenation.
using Blocks = Taps;

/// The Wav2Lip generator: lower half of a face redrawn to a mel window.
class Wav2Lip : public nn::Module {
 public:
  explicit Wav2Lip(const Wav2LipConfig& config);
  const Wav2LipConfig& config() const { return config_; }
  void loaded() override;

  /// @param mel [B, 1, 80, 16] in [-4, 4]
  /// @return [B, C, 1, 1]
  at::Tensor encode_audio(const at::Tensor& mel, Blocks* blocks = nullptr) const;
  /// @param faces [B, 6, 96, 96] in [0, 1]: B G R with the lower half zero, then B G R
  /// @return the features of every encoder block, shallowest first
  std::vector<at::Tensor> encode_face(const at::Tensor& faces, Blocks* blocks = nullptr) const;
  /// @return [B, 3, 96, 96] B G R in (0, 1)
  at::Tensor decode(const at::Tensor& audio, const std::vector<at::Tensor>& face,
                    Blocks* blocks = nullptr) const;
  /// All three, on the fast path where it may serve. @throws Error(kBadValue) for wrong shapes or
  /// different batch sizes
  at::Tensor forward(const at::Tensor& mel, const at::Tensor& faces,
                     Blocks* blocks = nullptr) const;

 protected:
  void unload() override { fused_last_.reset(); }

 private:
  using Stage = std::vector<std::shared_ptr<ConvBlock>>;
  struct Up {
    std::shared_ptr<TransposeBlock> transpose;  ///< absent in the first decoder block
    Stage convs;
  };
  at::Tensor fused_forward(const at::Tensor& mel, const at::Tensor& faces, Blocks* blocks) const;
  nn::FeatureMap fused_audio(const at::Tensor& mel, Blocks* blocks) const;
  void fused_face(const at::Tensor& faces, const std::vector<nn::FeatureMap>& joins,
                  Blocks* blocks) const;
  void fused_stage(size_t i, nn::FeatureMap x, const nn::FeatureMap& join, Blocks* blocks) const;

  Wav2LipConfig config_;
  std::vector<Stage> face_;
  Stage audio_;
  std::vector<Up> decoder_;
  std::shared_ptr<ConvBlock> output_;
  std::shared_ptr<nn::Conv2d> last_;
  std::unique_ptr<nn::FusedConv2d> fused_last_;
};

/// Role "wav2lip": {"state_dict": ...} with or without "module.", a bare state dict, TorchScript.
ModelClass wav2lip_class();

}  // namespace vl::models::wav2lip
