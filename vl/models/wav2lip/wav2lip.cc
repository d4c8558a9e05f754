#include "vl/models/wav2lip/wav2lip.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/model_class.h"
#include "vl/models/wav2lip/kinds.h"

namespace vl::models::wav2lip {

namespace {

constexpr int64_t kMels = 80, kColumns = 16;

/// A numbered child list without a forward of its own.
class Numbered : public nn::Module {
 public:
  template <class Child, class... Args>
  std::shared_ptr<Child> add(Args&&... args) {
    return child<Child>(std::to_string(count_++), std::forward<Args>(args)...);
  }

 private:
  int count_ = 0;
};

}  // namespace

Wav2Lip::Wav2Lip(const Wav2LipConfig& config) : config_(config), sides_(face_sides(config)) {
  make_face();
  make_audio();
  make_decoder();
  const auto output = child<Numbered>("output_block");
  const int64_t d = config_.decoder.back(), e = config_.face.front();
  output_ = output->add<ConvBlock>(
      block({.in = d + e, .out = config_.output, .side = config_.image, .parts = {d, e}}));
  last_ =
      output->add<nn::Conv2d>(nn::Conv2dOptions{.in = config_.output, .out = 3, .kernel = {1, 1}});
}

BlockOptions Wav2Lip::block(BlockOptions options) const {
  options.prelu = config_.activation == "prelu";
  return options;
}

BlockOptions Wav2Lip::same(int64_t channels, int64_t side) const {
  return block({.in = channels, .out = channels, .residual = true, .side = side});
}

void Wav2Lip::make_face() {
  const auto& e = config_.face;
  const size_t stages = e.size(), padded = stages - static_cast<size_t>(config_.closing);
  const auto faces = child<Numbered>("face_encoder_blocks");
  for (size_t i = 0; i < stages; ++i) {
    const auto stage = faces->add<Numbered>();
    const int64_t kernel = config_.face_kernels[i], around = i < padded ? kernel / 2 : 0,
                  step = i == 0 || i >= padded ? 1 : 2;
    Stage blocks{stage->add<ConvBlock>(block({.in = i == 0 ? 6 : e[i - 1],
                                              .out = e[i],
                                              .kernel = {kernel, kernel},
                                              .stride = {step, step},
                                              .padding = {around, around},
                                              .side = sides_[i],
                                              .narrow = i == 0}))};
    for (int64_t j = 1; j < config_.face_blocks[i]; ++j)
      blocks.push_back(stage->add<ConvBlock>(
          i < padded ? same(e[i], sides_[i])
                     : block({.in = e[i], .out = e[i], .kernel = {1, 1}, .padding = {0, 0}})));
    face_.push_back(blocks);
  }
}

void Wav2Lip::make_audio() {
  const auto& a = config_.audio;
  const auto audio = child<Numbered>("audio_encoder");
  const auto add = [&](const BlockOptions& o) { audio_.push_back(audio->add<ConvBlock>(o)); };
  const auto put = [&](const BlockOptions& o) { add(block(o)); };
  put({.in = 1, .out = a[0], .narrow = true}), add(same(a[0], 16)), add(same(a[0], 16));
  put({.in = a[0], .out = a[1], .stride = {3, 1}}), add(same(a[1], 16)), add(same(a[1], 16));
  put({.in = a[1], .out = a[2], .stride = {3, 3}}), add(same(a[2], 6)), add(same(a[2], 6));
  put({.in = a[2], .out = a[3], .stride = {3, 2}}), add(same(a[3], 3));
  put({.in = a[3], .out = a[4], .padding = {0, 0}});
  put({.in = a[4], .out = a[5], .kernel = {1, 1}, .padding = {0, 0}});
}

/// Stage 1 makes of one pixel what the last face stage's kernel takes in; the others double, less
/// one row and column where the face side is odd.
void Wav2Lip::make_decoder() {
  const auto &e = config_.face, &d = config_.decoder;
  const size_t stages = d.size();
  const auto decoder = child<Numbered>("face_decoder_blocks");
  for (size_t i = 0; i < stages; ++i) {
    const auto stage = decoder->add<Numbered>();
    const int64_t side = sides_[stages - 1 - i];
    Up up;
    if (i == 0) {
      up.convs.push_back(stage->add<ConvBlock>(
          block({.in = config_.audio.back(), .out = d[0], .kernel = {1, 1}, .padding = {0, 0}})));
    } else {
      const int64_t skip = e[stages - i];
      BlockOptions o = block({.in = d[i - 1] + skip, .out = d[i], .parts = {d[i - 1], skip}});
      if (i == 1) o.kernel = {side, side}, o.padding = {0, 0};
      if (i > 1) o.stride = {2, 2};
      up.transpose = stage->add<TransposeBlock>(o, i > 1 && side % 2 == 0 ? 1 : 0);
      for (int64_t j = 1; j < config_.decoder_blocks[i]; ++j)
        up.convs.push_back(stage->add<ConvBlock>(same(d[i], side)));
    }
    decoder_.push_back(up);
  }
}

at::Tensor Wav2Lip::encode_audio(const at::Tensor& mel, Blocks* blocks) const {
  at::Tensor x = mel;
  for (size_t i = 0; i < audio_.size(); ++i) {
    x = (*audio_[i])(x);
    keep(blocks, fmt::format("audio_encoder.{}", i), x);
  }
  return x;
}

std::vector<at::Tensor> Wav2Lip::encode_face(const at::Tensor& faces, Blocks* blocks) const {
  std::vector<at::Tensor> out;
  at::Tensor x = faces;
  for (size_t i = 0; i < face_.size(); ++i) {
    for (size_t j = 0; j < face_[i].size(); ++j) {
      x = (*face_[i][j])(x);
      keep(blocks, fmt::format("face_encoder_blocks.{}.{}", i, j), x);
    }
    keep(blocks, fmt::format("face_encoder_blocks.{}", i), x);
    out.push_back(x);
  }
  return out;
}

at::Tensor Wav2Lip::decode(const at::Tensor& audio, const std::vector<at::Tensor>& face,
                           Blocks* blocks) const {
  at::Tensor x = audio;
  for (size_t i = 0; i < decoder_.size(); ++i) {
    size_t j = 0;
    if (decoder_[i].transpose) {
      x = (*decoder_[i].transpose)(x);
      keep(blocks, fmt::format("face_decoder_blocks.{}.{}", i, j++), x);
    }
    for (const auto& conv : decoder_[i].convs) {
      x = (*conv)(x);
      keep(blocks, fmt::format("face_decoder_blocks.{}.{}", i, j++), x);
    }
    keep(blocks, fmt::format("face_decoder_blocks.{}", i), x);
    x = at::cat({x, face[face.size() - 1 - i]}, 1);
  }
  x = (*output_)(x);
  keep(blocks, "output_block.0", x);
  x = (*last_)(x);
  keep(blocks, "output_block.1", x);
  return x.sigmoid();
}

at::Tensor Wav2Lip::forward(const at::Tensor& mel, const at::Tensor& faces, Blocks* blocks) const {
  const bool ok = mel.dim() == 4 && faces.dim() == 4 && mel.size(0) == faces.size(0) &&
                  mel.size(1) == 1 && mel.size(2) == kMels && mel.size(3) == kColumns &&
                  faces.size(1) == 6 && faces.size(2) == config_.image &&
                  faces.size(3) == config_.image;
  if (!ok)
    fail(Code::kBadValue, "wav2lip takes mel [B,1,80,16] and faces [B,6,{0},{0}] of one batch size",
         config_.image);
  if (fused_last_ != nullptr && fused(mel) && fused(faces))
    return fused_forward(mel, faces, blocks);
  return decode(encode_audio(mel, blocks), encode_face(faces, blocks), blocks);
}

namespace {

using weights::Checkpoint;
using weights::StateDict;

bool recognise(const Checkpoint& checkpoint) {
  const StateDict t = family_tensors(checkpoint);
  return t.contains("face_encoder_blocks.0.0.conv_block.0.weight") &&
         t.contains("face_decoder_blocks.0.0.conv_block.0.weight");
}

ModelFile import(const Checkpoint& checkpoint) {
  const StateDict t = family_tensors(checkpoint);
  if (!recognise(checkpoint)) wrong_kind(checkpoint, t, "wav2lip");
  return {.role = "wav2lip",
          .arch = "wav2lip",
          .config = config_to_json(read_config(checkpoint, t)),
          .tensors = trained_values(t)};
}

}  // namespace

ModelClass wav2lip_class() {
  return model_class<Wav2Lip, Wav2LipConfig>("wav2lip", "wav2lip", recognise, import);
}

}  // namespace vl::models::wav2lip
