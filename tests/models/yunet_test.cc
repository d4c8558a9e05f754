#include "vl/models/yunet/yunet.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"

namespace vl::models::yunet {
namespace {

using test::expect_close;
using test::golden;

const Yunet& net() {
  static const auto loaded = [] {
    const auto c = weights::read_checkpoint(test::source("assets/face/yunet/yunet_n.pth").string());
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

TEST(Yunet, ABatchEqualsSinglePictures) {
  const at::Tensor a = golden("parity/yunet/golden.safetensors").at("talk3/input:bgr_u8"),
                   b = a.flip(1);
  const auto both = net().forward(network_frames(at::stack({a, b})));
  const auto one = net().forward(network_frames(b.unsqueeze(0)));
  for (const auto& [name, value] : one) expect_close(name, both.at(name)[1], value[0], 1e-5);
}

}  // namespace
}  // namespace vl::models::yunet
