#include "vl/models/syncnet/syncnet.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/model_class.h"
#include "vl/models/wav2lip/kinds.h"

namespace vl::models::syncnet {

namespace {

using wav2lip::BlockOptions;
using weights::Checkpoint;
using weights::StateDict;

constexpr int64_t kMostChannels = 2048;
/// Layers that change the number of channels; those between are residual.
constexpr int kFaceStages[] = {0, 1, 4, 8, 11, 14, 15, 16}, kAudioStages[] = {0, 3, 6, 9, 12, 13};

BlockOptions same(int64_t channels) { return {.in = channels, .out = channels, .residual = true}; }

BlockOptions point(int64_t in, int64_t out) {
  return {.in = in, .out = out, .kernel = {1, 1}, .padding = {0, 0}};
}

/// x / max(||x||, 1e-12) of the flattened rows.
at::Tensor unit_rows(const at::Tensor& x) {
  const at::Tensor rows = x.flatten(1);
  return rows / rows.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
}

at::Tensor run(const nn::ListOf<wav2lip::ConvBlock>& encoder, const char* name,
               const at::Tensor& in, Taps* taps) {
  at::Tensor x = in;
  for (size_t i = 0; i < encoder.size(); ++i) {
    x = encoder[i](x);
    keep(taps, fmt::format("{}.{}", name, i), x);
  }
  return unit_rows(x);
}

}  // namespace

void describe(SyncNetConfig& c, Fields& f) {
  f.add("face", &c.face).range(1, kMostChannels);
  f.add("audio", &c.audio).range(1, kMostChannels);
}

SyncNet::SyncNet(const SyncNetConfig& config) : config_(config) {
  const auto &f = config.face, &a = config.audio;
  if (f.size() != std::size(kFaceStages) || a.size() != std::size(kAudioStages))
    fail(Code::kUnsupportedVariant,
         "syncnet has 8 face and 6 audio stages, the configuration {} and {}", f.size(), a.size());
  if (f.back() != a.back())
    fail(Code::kBadWeights, "syncnet's embeddings are {} long for faces and {} for sound", f.back(),
         a.back());
  face_ = child<Encoder>("face_encoder");
  const auto repeat = [](Encoder& encoder, int64_t channels, int times) {
    for (int i = 0; i < times; ++i) encoder.add(same(channels));
  };
  face_->add(BlockOptions{.in = 3 * kFrames, .out = f[0], .kernel = {7, 7}, .padding = {3, 3}});
  face_->add(BlockOptions{.in = f[0], .out = f[1], .kernel = {5, 5}, .stride = {1, 2}});
  repeat(*face_, f[1], 2);
  const int residuals[] = {3, 2, 2, 0};
  for (size_t i = 0; i < 4; ++i) {
    face_->add(BlockOptions{.in = f[i + 1], .out = f[i + 2], .stride = {2, 2}});
    repeat(*face_, f[i + 2], residuals[i]);
  }
  face_->add(BlockOptions{.in = f[5], .out = f[6], .padding = {0, 0}});
  face_->add(point(f[6], f[7]));
  audio_ = child<Encoder>("audio_encoder");
  const std::array<int64_t, 2> strides[] = {{1, 1}, {3, 1}, {3, 3}, {3, 2}};
  for (size_t i = 0; i < 4; ++i) {
    audio_->add(BlockOptions{.in = i == 0 ? 1 : a[i - 1], .out = a[i], .stride = strides[i]});
    repeat(*audio_, a[i], 2);
  }
  audio_->add(BlockOptions{.in = a[3], .out = a[4], .padding = {0, 0}});
  audio_->add(point(a[4], a[5]));
}

at::Tensor SyncNet::embed_audio(const at::Tensor& mel, Taps* taps) const {
  if (mel.dim() != 4 || mel.size(1) != 1 || mel.size(2) != kMels || mel.size(3) != kColumns)
    fail(Code::kBadValue, "syncnet takes mel [B,1,80,16]");
  return run(*audio_, "audio_encoder", mel, taps);
}

at::Tensor SyncNet::embed_faces(const at::Tensor& faces, Taps* taps) const {
  if (faces.dim() != 4 || faces.size(1) != 3 * kFrames || faces.size(2) != kFaceHeight ||
      faces.size(3) != kFaceWidth)
    fail(Code::kBadValue, "syncnet takes faces [B,15,48,96]");
  return run(*face_, "face_encoder", faces, taps);
}

namespace {

bool is_syncnet(const StateDict& t) {
  return t.contains("face_encoder.0.conv_block.0.weight") &&
         t.contains("audio_encoder.0.conv_block.0.weight");
}

bool recognise(const Checkpoint& checkpoint) {
  return is_syncnet(wav2lip::family_tensors(checkpoint));
}

int64_t channels_of(const StateDict& t, const std::string& path) {
  const std::string key = path + ".conv_block.0.weight";
  const at::Tensor& w = t.at(key);
  if (w.dim() != 4) fail(Code::kBadWeights, "\"{}\" has {} dimensions, wanted 4", key, w.dim());
  return w.size(0);
}

SyncNetConfig config_of(const StateDict& t) {
  SyncNetConfig c;
  for (size_t i = 0; i < c.face.size(); ++i)
    c.face[i] = channels_of(t, fmt::format("face_encoder.{}", kFaceStages[i]));
  for (size_t i = 0; i < c.audio.size(); ++i)
    c.audio[i] = channels_of(t, fmt::format("audio_encoder.{}", kAudioStages[i]));
  return c;
}

ModelFile import(const Checkpoint& checkpoint) {
  const StateDict t = wav2lip::family_tensors(checkpoint);
  if (!is_syncnet(t)) wav2lip::wrong_kind(checkpoint, t, "syncnet");
  return {.role = "syncnet",
          .arch = "syncnet",
          .config = config_to_json(config_of(t)),
          .tensors = wav2lip::trained_values(t)};
}

}  // namespace

ModelClass syncnet_class() {
  return model_class<SyncNet, SyncNetConfig>("syncnet", "syncnet", recognise, import);
}

}  // namespace vl::models::syncnet
