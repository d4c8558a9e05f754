#include "vl/models/wav2lip/wav2lip.h"

#include <gtest/gtest.h>

#include <fstream>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/weights/fill.h"

namespace vl::models::wav2lip {
namespace {

using test::expect_close;

constexpr uint64_t kSeed = 20209;
constexpr double kRel = 1e-5;
const std::string kFolder = "parity/wav2lip/";

int64_t stride_of(const std::string& key) {
  static const auto index =
      nlohmann::json::parse(std::ifstream(test::data(kFolder + "index.json")));
  return index.contains(key) ? index[key].value("stride", 1) : 1;
}

std::shared_ptr<const Wav2Lip> filled(const std::string& params) {
  const auto c = weights::read_fill(test::data(kFolder + params).string(), kSeed, false);
  return build_as<Wav2Lip>(wav2lip_class().import(c), c.file);
}

at::Tensor fill(const std::string& name, at::IntArrayRef shape, double scale, double offset) {
  return weights::fill_tensor("input:" + name, shape, kSeed, scale, offset);
}

TEST(Wav2Lip, EveryBlockOfTheFullSizeGoldenAndItsBytes) {
  const auto& g = test::golden(kFolder + "golden_generator.safetensors");
  const at::Tensor crop = g.at("input:gen.face_crops_bgr_u8")[0];  // [96, 96, 3]
  at::Tensor masked = crop.clone();
  masked.slice(0, 48).zero_();
  const at::Tensor six = at::cat({masked, crop}, 2).permute({2, 0, 1}).to(at::kFloat) / 255.0F;
  const at::Tensor faces = at::cat({fill("gen.face", {1, 6, 96, 96}, 0.5, 0.5), six.unsqueeze(0)});
  const at::Tensor mel =
      at::cat({fill("gen.mel", {1, 1, 80, 16}, 4, 0), g.at("input:gen.mel_chunks").slice(0, 0, 1)});
  const auto net = filled("params.json");
  Blocks blocks;
  const at::Tensor image = net->forward(mel, faces, &blocks);
  int compared = 0;
  for (const auto& [key, want] : g) {
    if (key.rfind("out:gen.", 0) != 0 || !blocks.count(key.substr(8))) continue;
    expect_close(key, blocks[key.substr(8)], want, 0, kRel, stride_of(key));
    ++compared;
  }
  EXPECT_GE(compared, 20);
  expect_close("image", image, g.at("out:gen.image"), kRel, 0, stride_of("out:gen.image"));
  const at::Tensor bytes = (image * 255.0F).permute({0, 2, 3, 1}).to(at::kByte).to(at::kInt);
  const at::Tensor wrong = (bytes - g.at("out:gen.image_u8").to(at::kInt)).abs();
  EXPECT_LE(wrong.max().item<int>(), 1);
  EXPECT_LE(wrong.sum().item<int64_t>(), 55);  // 0.1 % of 55296
}

TEST(Wav2Lip, BothPathsAgree) {
  const auto net = filled("params.json"), plain = filled("params.json");
  use_reference_path(const_cast<Wav2Lip&>(*plain));
  const at::Tensor mel = fill("paths.mel", {3, 1, 80, 16}, 4, 0),
                   faces = fill("paths.face", {3, 6, 96, 96}, 0.5, 0.5);
  Blocks fast, want;
  const at::Tensor image = net->forward(mel, faces, &fast);
  expect_close("image", image, plain->forward(mel, faces, &want), kRel);
  EXPECT_EQ(fast.size(), want.size());
  for (const auto& [key, value] : want) expect_close(key, fast.at(key), value, 0, kRel);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(net->forward(mel.slice(0, i, i + 1), faces.slice(0, i, i + 1))[0].equal(image[i]));
}

TEST(Wav2Lip, AGradientTakesTheReferencePath) {
  const auto net = filled("mini_params.json");
  const at::Tensor faces = fill("grad.face", {1, 6, 96, 96}, 0.5, 0.5).requires_grad_();
  net->forward(fill("grad.mel", {1, 1, 80, 16}, 4, 0), faces).sum().backward();
  EXPECT_GT(faces.grad().abs().max().item<double>(), 0);
}

TEST(Wav2Lip, BatchNormFoldsAsTheReferenceShows) {
  const auto& g = test::golden(kFolder + "golden_generator.safetensors");
  const auto net = filled("params.json");
  const auto modules = net->named_modules();
  const auto& block = dynamic_cast<const TransposeBlock&>(*modules["face_decoder_blocks.3.0"]);
  expect_close("bias", block.folded_bias(), g.at("out:gen.folded_face_decoder_blocks.3.0.bias"),
               1e-6, 1e-6);
  const std::string key = "out:gen.folded_face_decoder_blocks.3.0.weight_first_input_channel";
  expect_close("weight", block.folded_weight()[0], g.at(key), 1e-6, 1e-6, stride_of(key));
}

TEST(Wav2Lip, TheMiniatureTakesItsChannelsFromTheShapes) {
  const auto net = filled("mini_params.json");
  EXPECT_EQ(net->config().face[0], 1);
  const at::Tensor image = net->forward(fill("mini.mel", {2, 1, 80, 16}, 4, 0),
                                        fill("mini.face", {2, 6, 96, 96}, 0.5, 0.5));
  expect_close("mini.image", image,
               test::golden(kFolder + "golden_train.safetensors").at("out:mini.image"), kRel, 0,
               stride_of("out:mini.image"));
}

TEST(Wav2Lip, EveryPublicContainerGivesTheSameNetwork) {
  const auto want = wav2lip_class().import(
      weights::read_fill(test::data(kFolder + "mini_params.json").string(), kSeed, false));
  for (const char* name : {"mini_wav2lip.pth", "mini_wav2lip_torchscript.pt"}) {
    const auto c = weights::read_checkpoint(test::data(kFolder + "checkpoints/" + name).string());
    const ModelFile got = wav2lip_class().import(c);
    EXPECT_EQ(got.config, want.config) << name;
    ASSERT_EQ(got.tensors.size(), want.tensors.size()) << name;
    for (const auto& [key, value] : want.tensors)
      EXPECT_TRUE(got.tensors.at(key).equal(value)) << name << key;
    build(got, name);
  }
}

TEST(Wav2Lip, OtherModelsAreNamed) {
  const struct {
    const char *file, *what;
  } rows[] = {{"checkpoints/mini_s3fd_python2.pth", "is a face detector, not wav2lip"},
              {"checkpoints/mini_lipsync_expert.pth", "is a SyncNet"},
              {"checkpoints/mini_lipsync_expert_zip.pth", "is a SyncNet"},
              {"mini_params_disc.json", "is a quality discriminator"},
              {"../yunet/golden.safetensors", "is another kind of model"}};
  for (const auto& row : rows) try {
      const std::string file = test::data(kFolder + row.file).string();
      wav2lip_class().import(file.find(".json") != std::string::npos
                                 ? weights::read_fill(file, kSeed, false)
                                 : weights::read_checkpoint(file));
      ADD_FAILURE() << row.file;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kWrongModelKind);
      EXPECT_NE(e.message().find(row.what), std::string::npos) << e.message();
    }
}

TEST(Wav2Lip, DamagedStateDictsAreErrors) {
  const auto good =
      weights::read_fill(test::data(kFolder + "mini_params.json").string(), kSeed, false)
          .root.tensors();
  const std::string norm = "face_decoder_blocks.3.0.conv_block.1.", first = "audio_encoder.0.";
  const struct {
    std::string key;
    at::Tensor value;  // undefined: the key is taken away
  } rows[] = {{"output_block.1.bias", {}},
              {first + "conv_block.0.weight", {}},
              {"extra.weight", at::zeros({1})},
              {first + "conv_block.0.weight", at::zeros({2})},
              {first + "conv_block.0.weight", at::zeros({0, 1, 3, 3})},
              {first + "conv_block.0.weight", at::zeros({1, 1, 3, 2})},
              {first + "conv_block.0.weight", at::zeros({1}).expand({1 << 20, 1, 3, 3})},
              {first + "conv_block.0.bias", at::full({2}, NAN)},
              {norm + "running_var", at::full_like(good.at(norm + "running_var"), -1)}};
  for (const auto& row : rows) {
    weights::Dict root;
    for (const auto& [key, value] : good)
      if (key != row.key) root.push_back({{key}, {value}});
    if (row.value.defined()) root.push_back({{row.key}, {row.value}});
    weights::Checkpoint c{.file = "damaged.pth",
                          .container = "zip",
                          .root = {std::make_shared<weights::Dict>(std::move(root))}};
    EXPECT_THROW(build(wav2lip_class().import(c), c.file), Error)
        << row.key << ", row " << &row - rows;
  }
}

TEST(Wav2Lip, WrongShapesAreErrors) {
  const auto net = filled("mini_params.json");
  EXPECT_THROW(net->forward(at::zeros({1, 1, 80, 15}), at::zeros({1, 6, 96, 96})), Error);
  EXPECT_THROW(net->forward(at::zeros({2, 1, 80, 16}), at::zeros({1, 6, 96, 96})), Error);
}

}  // namespace
}  // namespace vl::models::wav2lip
