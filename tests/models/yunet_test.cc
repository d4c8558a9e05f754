#include "vl/models/yunet/yunet.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/weights/fill.h"

namespace vl::models::yunet {
namespace {

using test::expect_close;
using test::golden;

const Yunet& net() {
  static const auto loaded = [] {
    const auto c = weights::read_checkpoint(test::data("assets/yunet/yunet_n.pth").string());
    return build_as<Yunet>(yunet_class().import(c), c.file);
  }();
  return *loaded;
}

TEST(Yunet, RawOutputsEqualTheGolden) {
  const auto& g = golden("parity/yunet/golden.safetensors");
  const auto raw = net().forward(network_frames(g.at("talk3/input:bgr_u8").unsqueeze(0)));
  ASSERT_EQ(raw.size(), 12u);
  for (const auto& [name, got] : raw) {
    const bool probability = name.rfind("cls", 0) == 0 || name.rfind("obj", 0) == 0;
    expect_close(name, got, g.at("talk3/out:" + name), probability ? 1e-5 : 5e-5);
  }
}

TEST(Yunet, BothPathsAgree) {
  const auto c = weights::read_checkpoint(test::data("assets/yunet/yunet_n.pth").string());
  const auto plain = build_as<Yunet>(yunet_class().import(c), c.file);
  use_reference_path(const_cast<Yunet&>(*plain));
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{32, 32}, {96, 160}, {360, 640}}) {
    const at::Tensor x = network_frames(
        (weights::fill_tensor("frames", {2, height, width, 3}, 1, 127, 127)).to(at::kByte));
    const auto want = plain->forward(x);
    for (const auto& [name, got] : net().forward(x))
      expect_close(name, got, want.at(name), 1e-5, 1e-5);
  }
}

TEST(Yunet, AGradientTakesTheReferencePath) {
  const at::Tensor x = at::full({1, 3, 32, 32}, 100.0F).requires_grad_();
  net().forward(x).at("bbox_8").sum().backward();
  EXPECT_GT(x.grad().abs().max().item<double>(), 0);
}

TEST(Yunet, DetectionsEqualTheGoldens) {
  const auto& g = golden("parity/yunet/golden.safetensors");
  for (const char* clip : {"portrait_1080p_hevc", "talk2", "talk3", "talk5"}) {
    const auto faces = detect(net(), g.at(std::string(clip) + "/input:bgr_u8"), 0.6F);
    const at::Tensor want = g.at(std::string(clip) + "/out:detections");
    ASSERT_EQ(static_cast<int64_t>(faces.size()), want.size(0)) << clip;
    for (size_t i = 0; i < faces.size(); ++i) {
      std::vector<float> row(faces[i].box.begin(), faces[i].box.end());
      row.push_back(faces[i].score);
      for (const auto& p : faces[i].landmarks) row.insert(row.end(), p.begin(), p.end());
      expect_close(clip, at::tensor(row), want[static_cast<int64_t>(i)], 1e-3);
    }
  }
}

TEST(Yunet, AnEmptyPictureHasNoFaceAndOddSizesArePadded) {
  EXPECT_TRUE(detect(net(), at::zeros({33, 65, 3}, at::kByte), 0.6F).empty());
  EXPECT_TRUE(detect(net(), at::full({1, 1, 3}, 200, at::kByte), 0.6F).empty());
  EXPECT_THROW(net().forward(at::zeros({1, 3, 33, 64})), Error);
}

/// Raw outputs of a 64 x 64 picture: 64, 16 and 4 cells, all without a face.
std::map<std::string, at::Tensor> blank() {
  std::map<std::string, at::Tensor> raw;
  for (const int64_t stride : {8, 16, 32})
    for (const auto& [name, channels] : {std::pair{"cls", 1}, {"obj", 1}, {"bbox", 4}, {"kps", 10}})
      raw[fmt::format("{}_{}", name, stride)] =
          at::zeros({1, (64 / stride) * (64 / stride), channels});
  return raw;
}

void put_face(std::map<std::string, at::Tensor>& raw, int64_t stride, int64_t cell, float score,
              float log_size) {
  const std::string suffix = "_" + std::to_string(stride);
  raw["cls" + suffix][0][cell][0] = score;
  raw["obj" + suffix][0][cell][0] = score;
  raw["bbox" + suffix][0][cell].slice(0, 2).fill_(log_size);
}

TEST(Yunet, SuppressionAndTies) {
  const struct {
    const char* what;
    std::vector<std::array<float, 4>> cells;  // stride, cell, score, log of the size in strides
    std::vector<std::array<float, 3>> want;   // x1, y1, score
  } rows[] = {
      {"below the threshold", {{8, 9, 0.59F, 0}}, {}},
      {"one", {{8, 9, 0.6F, 0}}, {{4, 4, 0.6F}}},
      {"neighbours of IoU 1/3: the better one",
       {{8, 9, 0.7F, 0.6931472F}, {8, 10, 0.8F, 0.6931472F}},
       {{8, 0, 0.8F}}},
      {"side by side: both", {{8, 9, 0.7F, 0}, {8, 10, 0.8F, 0}}, {{12, 4, 0.8F}, {4, 4, 0.7F}}},
      {"equal scores: stride, then row, then column",
       {{32, 3, 0.9F, 0}, {8, 16, 0.9F, 0}, {8, 7, 0.9F, 0}},
       {{52, -4, 0.9F}, {-4, 12, 0.9F}, {16, 16, 0.9F}}},
      {"a size that overflows is no face", {{8, 9, 0.9F, 500}, {8, 20, 0.7F, 0}}, {{28, 12, 0.7F}}},
      {"NaN scores are no face", {{8, 9, NAN, 0}}, {}},
  };
  for (const auto& row : rows) {
    auto raw = blank();
    for (const auto& c : row.cells)
      put_face(raw, static_cast<int64_t>(c[0]), static_cast<int64_t>(c[1]), c[2], c[3]);
    const auto faces = decode_faces(raw, 64, 64, 0, 0.6F);
    ASSERT_EQ(faces.size(), row.want.size()) << row.what;
    for (size_t i = 0; i < faces.size(); ++i) {
      EXPECT_NEAR(faces[i].box[0], row.want[i][0], 1e-4) << row.what;
      EXPECT_NEAR(faces[i].box[1], row.want[i][1], 1e-4) << row.what;
      EXPECT_NEAR(faces[i].score, row.want[i][2], 1e-6) << row.what;
    }
  }
}

TEST(Yunet, OtherModelsAndDamagedOnesAreErrors) {
  EXPECT_THROW(yunet_class().import(weights::read_checkpoint(
                   test::data("parity/wav2lip/checkpoints/mini_wav2lip.pth").string())),
               Error);
  const auto c = weights::read_checkpoint(test::data("assets/yunet/yunet_n.pth").string());
  ModelFile file = yunet_class().import(c);
  const std::string variance = "backbone.model1.conv1.bn.running_var";
  file.tensors.set(variance, at::full_like(file.tensors.at(variance), -1));
  EXPECT_THROW(build(file, c.file), Error);
  file.tensors.erase(variance);
  EXPECT_THROW(build(file, c.file), Error);
}

TEST(Yunet, ABatchEqualsSinglePictures) {
  const at::Tensor a = golden("parity/yunet/golden.safetensors").at("talk3/input:bgr_u8"),
                   b = a.flip(1);
  const auto both = net().forward(network_frames(at::stack({a, b})));
  const auto one = net().forward(network_frames(b.unsqueeze(0)));
  for (const auto& [name, value] : one) expect_close(name, both.at(name)[1], value[0], 1e-5);
}

}  // namespace
}  // namespace vl::models::yunet
