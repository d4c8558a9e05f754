#pragma once

#include <string>
#include <vector>

#include "vl/core/fields.h"
#include "vl/weights/checkpoint.h"

namespace vl::models::wav2lip {

/// Size of a generator of the family of Prajwal et al. 2020; the defaults are the public 96 px
/// files. Stage i of the face encoder halves the picture, but for the first, which keeps its size,
/// and the last ones, which go on without padding until one pixel is left. The decoder has as many
/// stages and returns through the same sizes.
struct Wav2LipConfig {
  int64_t image = 96;  ///< side of the picture
  std::vector<int64_t> face = {16,  32,  64, 128,
                               256, 512, 512};  ///< out channels of face_encoder_blocks
  std::vector<int64_t> face_blocks = {1, 3, 4, 3, 3, 2, 2};   ///< convolutions of each stage
  std::vector<int64_t> face_kernels = {7, 3, 3, 3, 3, 3, 3};  ///< of each stage's first one
  int64_t closing = 1;  ///< last stages of the face encoder that do not pad
  std::vector<int64_t> audio = {32, 64, 128, 256, 512, 512};  ///< of the stages of audio_encoder
  std::vector<int64_t> decoder = {512, 512, 512, 384, 256, 128, 64};  ///< of face_decoder_blocks
  std::vector<int64_t> decoder_blocks = {1, 2, 3, 3, 3, 3, 3};        ///< with the transposed one
  int64_t output = 32;                                                ///< of output_block.0
  std::string activation = "relu";                                    ///< or "prelu"
};
void describe(Wav2LipConfig& config, Fields& fields);

/// Sides of the results of the face stages.
/// @throws Error(kUnsupportedVariant) where the stages do not fit one another, do not end at one
/// pixel, or the decoder could not return through the sizes
std::vector<int64_t> face_sides(const Wav2LipConfig& config);

/// The configuration that the tensors of a generator have: 96 px, 256 px (wav2lip256) and 288 px
/// (wav2lip_288x288, PReLU) are known, other depths of the same form work. Where strides allow
/// several sides, the checkpoint's config file decides ("image" or the public "img_size"),
/// otherwise the largest side that is halved exactly, but for the first halving before two closing
/// stages.
/// @throws Error(kUnsupportedVariant) saying what the generator has that others of the family have
/// not: attention, an audio refiner, another audio encoder or another output
Wav2LipConfig read_config(const weights::Checkpoint& checkpoint, const weights::StateDict& tensors);

}  // namespace vl::models::wav2lip
