#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/models/wav2lip/wav2lip.h"
#include "vl/weights/fill.h"

namespace vl::models::wav2lip {
namespace {

using nlohmann::json;
using test::expect_close;

constexpr uint64_t kSeed = 20209;
constexpr double kRel = 1e-5;
constexpr int64_t kStride = 211, kMost = 1000;  // of a stored tensor, see the data's README
const std::string kFolder = "wav2lip_large/";

weights::Checkpoint list(const std::string& variant) {
  return weights::read_fill(test::data(kFolder + "params_" + variant + ".json").string(), kSeed,
                            false);
}

/// The list with the tensor of a key added, and without those whose key begins with `without`.
weights::Checkpoint changed(const std::string& variant, const std::string& key, at::Tensor value,
                            const std::string& without) {
  weights::Checkpoint out = list(variant);
  weights::Dict root;
  for (const auto& [name, tensor] : out.root.tensors())
    if (without.empty() || name.rfind(without, 0) != 0) root.push_back({{name}, {tensor}});
  if (!key.empty()) root.push_back({{key}, {value}});
  out.root = {std::make_shared<weights::Dict>(std::move(root))};
  return out;
}

struct Row {
  const char* variant;
  int64_t image;
  bool fast;
};

class LargeWav2Lip : public testing::TestWithParam<Row> {};

TEST_P(LargeWav2Lip, EqualsAnIndependentReading) {
  kernels::prepare_compute_thread();
  const auto& [variant, side, fast] = GetParam();
  const std::string name = variant;
  const auto net = build_as<Wav2Lip>(wav2lip_class().import(list(name)), name);
  ASSERT_EQ(net->config().image, side);
  if (!fast) use_reference_path(const_cast<Wav2Lip&>(*net));
  const auto given = [&](const char* what, at::IntArrayRef shape, double scale, double offset) {
    return weights::fill_tensor("input:" + name + "." + what, shape, kSeed, scale, offset);
  };
  const at::Tensor mel = given("mel", {2, 1, 80, 16}, 4, 0),
                   faces = given("faces", {2, 6, side, side}, 0.5, 0.5);
  Blocks blocks;
  blocks["image"] = net->forward(mel, faces, &blocks);
  int compared = 0;
  for (const auto& [key, want] : test::golden(kFolder + "golden.safetensors")) {
    if (key.rfind(name + ".", 0) != 0) continue;
    const at::Tensor& got = blocks.at(key.substr(name.size() + 1));
    expect_close(key, got, want, 0, kRel, got.numel() > kMost ? kStride : 1);
    ++compared;
  }
  EXPECT_GE(compared, 18);
}

INSTANTIATE_TEST_SUITE_P(Rows, LargeWav2Lip,
                         testing::Values(Row{"256", 256, true}, Row{"256", 256, false},
                                         Row{"288", 288, true}, Row{"288", 288, false}),
                         [](const auto& info) {
                           return std::string(info.param.variant) +
                                  (info.param.fast ? "fast" : "reference");
                         });

TEST(LargeWav2Lip, TheConfigFileDecidesTheSideThatStridesLeaveOpen) {
  auto c = list("288");
  for (const int64_t side : {287, 320}) {
    c.config = json{{"img_size", side}};
    const auto net = build_as<Wav2Lip>(wav2lip_class().import(c), "288");
    ASSERT_EQ(net->config().image, side);
    const at::Tensor mel = at::zeros({1, 1, 80, 16}), faces = at::zeros({1, 6, side, side});
    EXPECT_EQ(net->forward(mel, faces).size(3), side);
    EXPECT_THROW(net->forward(mel, at::zeros({1, 6, 288, 288})), Error);
  }
  for (const int64_t side : {int64_t{96}, int64_t{0}, INT64_MAX}) {
    c.config = json{{"img_size", side}};
    EXPECT_THROW(wav2lip_class().import(c), Error) << side;
  }
}

TEST(LargeWav2Lip, OtherFormsSayWhatIsNotSupported) {
  const at::Tensor w = at::zeros({4, 4, 1, 1});
  const struct {
    const char *key, *without, *what;
  } rows[] = {
      {"sam.sa.conv1.weight", "", "spatial attention"},
      {"audio_refine.0.conv_block.0.weight", "", "audio_refine"},
      {"output_block.1.conv_block.0.weight", "output_block.1.", "a longer output_block"},
      {"audio_encoder.13.conv_block.0.weight", "", "14 blocks in the audio encoder"},
      {"face_encoder_blocks.8.conv_block.0.weight", "", "a single convolution as a face stage"},
      {"", "face_encoder_blocks.7.", "stages"},
      {"", "face_encoder_blocks.7.1.", "without padding"},
  };
  for (const auto& row : rows) try {
      wav2lip_class().import(changed("256", row.key, w, row.without));
      ADD_FAILURE() << row.what;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kUnsupportedVariant) << e.message();
      EXPECT_NE(e.message().find(row.what), std::string::npos) << e.message();
    }
}

}  // namespace
}  // namespace vl::models::wav2lip
