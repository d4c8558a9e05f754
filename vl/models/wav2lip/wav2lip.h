#pragma once

#include <string>
#include <vector>

#include "vl/models/registry.h"
#include "vl/models/taps.h"
#include "vl/models/wav2lip/config.h"
#include "vl/models/wav2lip/conv_block.h"

namespace vl::models::wav2lip {

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
  /// @param faces [B, 6, image, image] in [0, 1]: B G R with the lower half zero, then B G R
  /// @return the features of every encoder block, shallowest first
  std::vector<at::Tensor> encode_face(const at::Tensor& faces, Blocks* blocks = nullptr) const;
  /// @return [B, 3, image, image] B G R in (0, 1)
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
  /// With the configuration's activation.
  BlockOptions block(BlockOptions options) const;
  BlockOptions same(int64_t channels, int64_t side) const;
  void make_face();
  void make_audio();
  void make_decoder();
  at::Tensor fused_forward(const at::Tensor& mel, const at::Tensor& faces, Blocks* blocks) const;
  nn::FeatureMap fused_audio(const at::Tensor& mel, Blocks* blocks) const;
  void fused_face(const at::Tensor& faces, const std::vector<nn::FeatureMap>& joins,
                  Blocks* blocks) const;
  void fused_stage(size_t i, nn::FeatureMap x, const nn::FeatureMap& join, Blocks* blocks) const;

  Wav2LipConfig config_;
  std::vector<int64_t> sides_;  ///< of the results of the face stages
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
