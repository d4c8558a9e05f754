#include "vl/models/wav2lip/config.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"

namespace vl::models::wav2lip {

using weights::StateDict;

namespace {

constexpr int64_t kMostChannels = 2048, kMostBlocks = 16, kMostKernel = 7;
constexpr int64_t kLeastSide = 16, kMostSide = 1024;
constexpr size_t kAudioStages = 6, kLeastStages = 4, kMostStages = 12;
constexpr int kAudioBlocks = 13;

[[noreturn]] void unsupported(const std::string& what) {
  fail(Code::kUnsupportedVariant, "a Wav2Lip generator with {} is not supported", what);
}

void check_stages(const Wav2LipConfig& c) {
  const size_t stages = c.face.size();
  for (const auto* list : {&c.face_blocks, &c.face_kernels, &c.decoder, &c.decoder_blocks})
    if (list->size() != stages)
      unsupported(fmt::format("lists of {} and {} stages", stages, list->size()));
  if (stages < kLeastStages || stages > kMostStages || c.audio.size() != kAudioStages)
    unsupported(fmt::format("{} face and {} audio stages", stages, c.audio.size()));
  if (c.closing < 1 || c.closing + 2 > static_cast<int64_t>(stages))
    unsupported(fmt::format("{} face stages without padding", c.closing));
  for (size_t i = 0; i < stages; ++i) {
    if (c.decoder_blocks[i] < (i == 0 ? 1 : 2) || (i == 0 && c.decoder_blocks[i] > 1))
      unsupported(fmt::format("{} blocks in decoder stage {}", c.decoder_blocks[i], i));
    const bool padded = static_cast<int64_t>(i) + c.closing < static_cast<int64_t>(stages);
    if (c.face_kernels[i] < 1 || c.face_kernels[i] > kMostKernel ||
        (padded && c.face_kernels[i] % 2 == 0))
      unsupported(fmt::format("a kernel of {} in face stage {}", c.face_kernels[i], i));
  }
}

/// The side before the stages without padding, which leave one pixel.
int64_t closed_side(const Wav2LipConfig& c) {
  int64_t side = 1;
  for (size_t i = c.face.size() - static_cast<size_t>(c.closing); i < c.face.size(); ++i)
    side += c.face_kernels[i] - 1;
  return side;
}

/// See read_config().
int64_t usual_side(const Wav2LipConfig& c) {
  int64_t side = closed_side(c);
  for (int64_t i = static_cast<int64_t>(c.face.size()) - c.closing - 1; i > 0; --i)
    side = std::min(2 * side - (c.closing > 1 && side == closed_side(c) ? 1 : 0), kMostSide + 1);
  return side;
}

}  // namespace

void describe(Wav2LipConfig& c, Fields& f) {
  f.add("image", &c.image).range(kLeastSide, kMostSide);
  f.add("face", &c.face).range(1, kMostChannels);
  f.add("face_blocks", &c.face_blocks).range(1, kMostBlocks);
  f.add("face_kernels", &c.face_kernels).range(1, kMostKernel);
  f.add("closing", &c.closing).range(1, kMostStages);
  f.add("audio", &c.audio).range(1, kMostChannels);
  f.add("decoder", &c.decoder).range(1, kMostChannels);
  f.add("decoder_blocks", &c.decoder_blocks).range(1, kMostBlocks);
  f.add("output", &c.output).range(1, kMostChannels);
  f.add("activation", &c.activation).one_of({"relu", "prelu"});
}

std::vector<int64_t> face_sides(const Wav2LipConfig& c) {
  check_stages(c);
  if (c.image < kLeastSide || c.image > kMostSide)
    unsupported(fmt::format("pictures of {0} x {0}", c.image));
  const size_t stages = c.face.size(), padded = stages - static_cast<size_t>(c.closing);
  std::vector<int64_t> out;
  for (size_t i = 0; i < stages; ++i) {
    const int64_t before = i == 0 ? c.image : out.back(), kernel = c.face_kernels[i];
    out.push_back(i == 0 ? before : i < padded ? (before + 1) / 2 : before - kernel + 1);
  }
  if (out.back() != 1)
    unsupported(fmt::format("pictures of {0} x {0} that end as {1} x {1}", c.image, out.back()));
  for (size_t i = stages - 2; i > 0; --i)
    if (out[i - 1] != 2 * out[i] && out[i - 1] != 2 * out[i] - 1)
      unsupported(fmt::format("face sides {} and {} in the decoder", out[i], out[i - 1]));
  return out;
}

namespace {

/// Width, height or channels of the first weight below a block's path.
int64_t size_at(const StateDict& t, const std::string& path, int64_t dim) {
  const at::Tensor& w = t.at(path + ".conv_block.0.weight");
  if (w.dim() != 4) fail(Code::kBadWeights, "\"{}\" has {} dimensions, wanted 4", path, w.dim());
  return w.size(dim);
}

int64_t blocks_of(const StateDict& t, const std::string& path) {
  return t.count(path, "conv_block.0.weight");
}

void check_family(const StateDict& t) {
  const struct {
    const char *prefix, *what;
  } rows[] = {{"sam.", "spatial attention (sam.*)"},
              {"audio_refine.", "an audio_refine network"},
              {"output_block.1.conv_block.", "a longer output_block"}};
  for (const auto& row : rows)
    if (!t.strip(row.prefix).empty()) unsupported(row.what);
  if (const int64_t audio = blocks_of(t, "audio_encoder"); audio > kAudioBlocks)
    unsupported(fmt::format("{} blocks in the audio encoder", audio));
  const int64_t stages = t.count("face_encoder_blocks", "0.conv_block.0.weight");
  if (t.contains(fmt::format("face_encoder_blocks.{}.conv_block.0.weight", stages)))
    unsupported("a single convolution as a face stage");
}

void read_stages(const StateDict& t, Wav2LipConfig& c) {
  for (auto* list : {&c.face, &c.face_blocks, &c.face_kernels, &c.decoder, &c.decoder_blocks})
    list->clear();
  c.closing = 0;
  for (int64_t i = 0; i < t.count("face_encoder_blocks", "0.conv_block.0.weight"); ++i) {
    const std::string stage = fmt::format("face_encoder_blocks.{}", i);
    c.face.push_back(size_at(t, stage + ".0", 0));
    c.face_kernels.push_back(size_at(t, stage + ".0", 2));
    c.face_blocks.push_back(blocks_of(t, stage));
    // Only stages without padding go on with 1 x 1 convolutions.
    if (c.face_blocks.back() > 1 && size_at(t, stage + ".1", 2) == 1) ++c.closing;
  }
  for (int64_t i = 0; i < t.count("face_decoder_blocks", "0.conv_block.0.weight"); ++i) {
    const std::string stage = fmt::format("face_decoder_blocks.{}", i);
    c.decoder.push_back(size_at(t, stage + ".0", i == 0 ? 0 : 1));
    c.decoder_blocks.push_back(blocks_of(t, stage));
  }
}

}  // namespace

Wav2LipConfig read_config(const weights::Checkpoint& checkpoint, const StateDict& t) {
  check_family(t);
  Wav2LipConfig c;
  read_stages(t, c);
  const int audio[kAudioStages] = {0, 3, 6, 9, 11, 12};
  for (size_t i = 0; i < kAudioStages; ++i)
    c.audio[i] = size_at(t, fmt::format("audio_encoder.{}", audio[i]), 0);
  c.output = size_at(t, "output_block.0", 0);
  if (t.contains("face_encoder_blocks.0.0.act.weight")) c.activation = "prelu";
  check_stages(c);
  c.image = usual_side(c);
  if (checkpoint.config && checkpoint.config->is_object())
    for (const char* key : {"image", "img_size"})
      if (const auto it = checkpoint.config->find(key);
          it != checkpoint.config->end() && it->is_number_integer())
        c.image = it->get<int64_t>();
  face_sides(c);
  return c;
}

}  // namespace vl::models::wav2lip
