#include <ATen/ATen.h>

#include "vl/kernels/winograd_conv1d/winograd_conv1d.h"
#include "vl/models/wav2lip/wav2lip.h"

namespace vl::models::wav2lip {

using nn::FeatureMap;

namespace {

void keep(Blocks* blocks, const std::string& name, const FeatureMap& x) {
  if (blocks != nullptr) models::keep(blocks, name, x.nchw().contiguous());
}

}  // namespace

void Wav2Lip::loaded() {
  if (path() != nn::Path::kFused) return;
  fused_last_ = std::make_unique<nn::FusedConv2d>(last_->weight.detach(), last_->bias.detach(),
                                                  nn::FusedConv2d::Options{});
}

FeatureMap Wav2Lip::fused_audio(const at::Tensor& mel, Blocks* blocks) const {
  FeatureMap x = FeatureMap::copy_narrow(mel);
  for (size_t i = 0; i < audio_.size(); ++i) {
    x = (*audio_[i])(x);
    keep(blocks, fmt::format("audio_encoder.{}", i), x);
  }
  return x;
}

/// The features of stage i end behind the results of the decoder stage of its size.
void Wav2Lip::fused_face(const at::Tensor& faces, const std::vector<FeatureMap>& joins,
                         Blocks* blocks) const {
  FeatureMap x = FeatureMap::copy_narrow(faces);
  for (size_t i = 0; i < face_.size(); ++i) {
    const size_t last = face_[i].size() - 1, join = face_.size() - 1 - i;
    for (size_t j = 0; j < last; ++j) {
      x = (*face_[i][j])(x);
      keep(blocks, fmt::format("face_encoder_blocks.{}.{}", i, j), x);
    }
    const FeatureMap feature =
        joins[join].part(kernels::padded_channels(config_.decoder[join]), config_.face[i]);
    face_[i][last]->run(x, feature);
    x = feature;
    keep(blocks, fmt::format("face_encoder_blocks.{}.{}", i, last), x);
    keep(blocks, fmt::format("face_encoder_blocks.{}", i), x);
  }
}

/// Decoder stage i, into the front of its join.
void Wav2Lip::fused_stage(size_t i, FeatureMap x, const FeatureMap& join, Blocks* blocks) const {
  size_t j = 0;
  if (decoder_[i].transpose) {
    x = (*decoder_[i].transpose)(x);
    keep(blocks, fmt::format("face_decoder_blocks.{}.{}", i, j++), x);
  }
  const Stage& convs = decoder_[i].convs;
  for (size_t k = 0; k < convs.size(); ++k) {
    if (k + 1 < convs.size()) {
      x = (*convs[k])(x);
    } else {
      const FeatureMap front = join.part(0, config_.decoder[i]);
      convs[k]->run(x, front);
      x = front;
    }
    keep(blocks, fmt::format("face_decoder_blocks.{}.{}", i, j++), x);
  }
  keep(blocks, fmt::format("face_decoder_blocks.{}", i), x);
}

at::Tensor Wav2Lip::fused_forward(const at::Tensor& mel, const at::Tensor& faces,
                                  Blocks* blocks) const {
  std::vector<FeatureMap> joins;  // of a decoder stage and the face features of its size
  for (size_t i = 0; i < decoder_.size(); ++i) {
    const size_t face = face_.size() - 1 - i;
    joins.push_back(FeatureMap::side_by_side(mel.size(0), sides_[face], sides_[face],
                                             {config_.decoder[i], config_.face[face]}));
  }
  fused_face(faces, joins, blocks);
  FeatureMap x = fused_audio(mel, blocks);
  for (size_t i = 0; i < decoder_.size(); ++i) {
    fused_stage(i, x, joins[i], blocks);
    x = joins[i];
  }
  x = (*output_)(x);
  keep(blocks, "output_block.0", x);
  x = (*fused_last_)(x, nullptr, /*relu=*/false);
  keep(blocks, "output_block.1", x);
  return x.nchw().contiguous().sigmoid_();
}

}  // namespace vl::models::wav2lip
