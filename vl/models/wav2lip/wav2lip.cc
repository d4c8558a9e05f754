#include "vl/models/wav2lip/wav2lip.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/model_class.h"
#include "vl/models/wav2lip/kinds.h"

namespace vl::models::wav2lip {

namespace {

constexpr int64_t kMels = 80, kColumns = 16, kMostChannels = 2048;
constexpr int64_t kSides[] = {96, 48, 24, 12, 6, 3, 1};  // of the results of the face stages

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

BlockOptions same(int64_t channels, int64_t side) {
  return {.in = channels, .out = channels, .residual = true, .side = side};
}

}  // namespace

void describe(Wav2LipConfig& c, Fields& f) {
  f.add("image", &c.image).range(96, 96);
  f.add("face", &c.face).range(1, kMostChannels);
  f.add("audio", &c.audio).range(1, kMostChannels);
  f.add("decoder", &c.decoder).range(1, kMostChannels);
  f.add("output", &c.output).range(1, kMostChannels);
}

Wav2Lip::Wav2Lip(const Wav2LipConfig& config) : config_(config) {
  const auto &e = config.face, &a = config.audio, &d = config.decoder;
  if (e.size() != 7 || a.size() != 6 || d.size() != 7)
    fail(Code::kUnsupportedVariant,
         "wav2lip has 7 face, 6 audio and 7 decoder stages, the configuration {}, {} and {}",
         e.size(), a.size(), d.size());
  const int64_t residuals[] = {0, 2, 3, 2, 2, 1, 0};
  const auto faces = child<Numbered>("face_encoder_blocks");
  for (size_t i = 0; i < 7; ++i) {
    const auto stage = faces->add<Numbered>();
    BlockOptions first{.in = i == 0 ? 6 : e[i - 1], .out = e[i], .side = kSides[i]};
    if (i == 0) first.kernel = {7, 7}, first.padding = {3, 3}, first.narrow = true;
    if (i >= 1 && i <= 5) first.stride = {2, 2};
    if (i == 6) first.padding = {0, 0};
    Stage blocks{stage->add<ConvBlock>(first)};
    for (int64_t r = 0; r < residuals[i]; ++r)
      blocks.push_back(stage->add<ConvBlock>(same(e[i], kSides[i])));
    if (i == 6)
      blocks.push_back(stage->add<ConvBlock>(
          BlockOptions{.in = e[6], .out = e[6], .kernel = {1, 1}, .padding = {0, 0}}));
    face_.push_back(blocks);
  }
  const auto audio = child<Numbered>("audio_encoder");
  const auto add = [&](const BlockOptions& o) { audio_.push_back(audio->add<ConvBlock>(o)); };
  add({.in = 1, .out = a[0], .narrow = true}), add(same(a[0], 16)), add(same(a[0], 16));
  add({.in = a[0], .out = a[1], .stride = {3, 1}}), add(same(a[1], 16)), add(same(a[1], 16));
  add({.in = a[1], .out = a[2], .stride = {3, 3}}), add(same(a[2], 6)), add(same(a[2], 6));
  add({.in = a[2], .out = a[3], .stride = {3, 2}}), add(same(a[3], 3));
  add({.in = a[3], .out = a[4], .padding = {0, 0}});
  add({.in = a[4], .out = a[5], .kernel = {1, 1}, .padding = {0, 0}});
  const auto decoder = child<Numbered>("face_decoder_blocks");
  for (size_t i = 0; i < 7; ++i) {
    const auto stage = decoder->add<Numbered>();
    Up up;
    if (i == 0) {
      up.convs.push_back(stage->add<ConvBlock>(
          BlockOptions{.in = a[5], .out = d[0], .kernel = {1, 1}, .padding = {0, 0}}));
    } else {
      BlockOptions o{.in = d[i - 1] + e[7 - i], .out = d[i], .parts = {d[i - 1], e[7 - i]}};
      if (i == 1) o.padding = {0, 0};
      if (i > 1) o.stride = {2, 2};
      up.transpose = stage->add<TransposeBlock>(o, i > 1 ? 1 : 0);
      for (int r = 0; r < (i == 1 ? 1 : 2); ++r)
        up.convs.push_back(stage->add<ConvBlock>(same(d[i], kSides[6 - i])));
    }
    decoder_.push_back(up);
  }
  const auto output = child<Numbered>("output_block");
  output_ = output->add<ConvBlock>(BlockOptions{
      .in = d[6] + e[0], .out = config.output, .side = kSides[0], .parts = {d[6], e[0]}});
  last_ =
      output->add<nn::Conv2d>(nn::Conv2dOptions{.in = config.output, .out = 3, .kernel = {1, 1}});
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
    fail(Code::kBadValue, "wav2lip takes mel [B,1,80,16] and faces [B,6,96,96] of one batch size");
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
         t.contains("output_block.1.weight");
}

Wav2LipConfig config_of(const StateDict& t) {
  const auto channels = [&](const std::string& path, int64_t dim) {
    const at::Tensor& w = t.at(path + ".conv_block.0.weight");
    if (w.dim() != 4) fail(Code::kBadWeights, "\"{}\" has {} dimensions, wanted 4", path, w.dim());
    return w.size(dim);
  };
  Wav2LipConfig c;
  for (size_t i = 0; i < c.face.size(); ++i)
    c.face[i] = channels(fmt::format("face_encoder_blocks.{}.0", i), 0);
  const int audio[] = {0, 3, 6, 9, 11, 12};
  for (size_t i = 0; i < c.audio.size(); ++i)
    c.audio[i] = channels(fmt::format("audio_encoder.{}", audio[i]), 0);
  for (size_t i = 0; i < c.decoder.size(); ++i)
    c.decoder[i] = channels(fmt::format("face_decoder_blocks.{}.0", i), i == 0 ? 0 : 1);
  c.output = channels("output_block.0", 0);
  return c;
}

ModelFile import(const Checkpoint& checkpoint) {
  const StateDict t = family_tensors(checkpoint);
  if (!recognise(checkpoint)) wrong_kind(checkpoint, t, "wav2lip");
  return {.role = "wav2lip",
          .arch = "wav2lip",
          .config = config_to_json(config_of(t)),
          .tensors = trained_values(t)};
}

}  // namespace

ModelClass wav2lip_class() {
  return model_class<Wav2Lip, Wav2LipConfig>("wav2lip", "wav2lip", recognise, import);
}

}  // namespace vl::models::wav2lip
