#include "vl/models/s3fd/s3fd.h"

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/kernels/cpu_isa.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/weights/fill.h"

namespace vl::models::s3fd {
namespace {

using kernels::Isa;
using nlohmann::json;
using test::expect_close;
using test::golden;

const std::string kFolder = "parity/wav2lip/";
constexpr uint64_t kSeed = 20209;
constexpr double kRelative = 5e-5;  // parity/wav2lip/README.md

json read_json(const std::string& name) {
  std::ifstream in(test::data(kFolder + name));
  return json::parse(in);
}

std::shared_ptr<const S3fd> filled(const std::string& params, nn::Path path) {
  kernels::prepare_compute_thread();
  const auto c = weights::read_fill(test::data(kFolder + params).string(), kSeed, false);
  const auto out = build_as<S3fd>(s3fd_class().import(c), c.file);
  if (path == nn::Path::kReference) use_reference_path(const_cast<S3fd&>(*out));
  return out;
}

const S3fd& net(nn::Path path = nn::Path::kFused) {
  static const auto fast = filled("params_s3fd.json", nn::Path::kFused),
                    plain = filled("params_s3fd.json", nn::Path::kReference);
  return path == nn::Path::kFused ? *fast : *plain;
}

/// How the network computes; the instruction set concerns the fast path alone.
struct Way {
  nn::Path path;
  Isa isa;
  const char* name;
};
const Way kWays[] = {{nn::Path::kReference, Isa::kAmx, "reference"},
                     {nn::Path::kFused, Isa::kGeneric, "generic"},
                     {nn::Path::kFused, Isa::kAvx2, "avx2"},
                     {nn::Path::kFused, Isa::kAvx512, "avx512"}};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class S3fdWays : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    kernels::set_cpu_isa(GetParam().isa);
    if (GetParam().isa != Isa::kAmx && kernels::cpu_isa() != GetParam().isa)
      GTEST_SKIP() << "this CPU has no such instructions";
  }
  void TearDown() override { kernels::set_cpu_isa(Isa::kAmx); }
};
INSTANTIATE_TEST_SUITE_P(Ways, S3fdWays, testing::ValuesIn(kWays));

/// The stored part of a tensor: every n-th element.
void expect_stored(const std::string& key, const at::Tensor& got) {
  static const json index = read_json("index.json");
  const at::Tensor& want = golden(kFolder + "golden_s3fd.safetensors").at(key);
  expect_close(key, got, want, 0, kRelative, index.at(key).value("stride", int64_t{1}));
}

TEST_P(S3fdWays, EveryStoredLayerAndHead) {
  for (const std::string set : {"a", "b"}) {
    const at::Tensor frames =
        golden(kFolder + "golden_s3fd.safetensors").at("input:s3fd." + set + ".frames_bgr_u8");
    Taps taps;
    const Heads heads =
        net(GetParam().path).forward(network_frames(frames), set == "a" ? &taps : nullptr);
    const std::string out = "out:s3fd." + set + ".";
    for (int i = 0; i < 6; ++i) {
      expect_stored(fmt::format("{}level{}_conf", out, i + 1), heads.conf[static_cast<size_t>(i)]);
      expect_stored(fmt::format("{}level{}_loc", out, i + 1), heads.loc[static_cast<size_t>(i)]);
    }
    if (set == "b") continue;
    for (const char* name : {"conv3_3_raw", "conv4_3_raw", "conv5_3_raw", "fc7_raw", "conv6_2_raw",
                             "conv7_2_raw", "conv3_3_norm", "conv4_3_norm", "conv5_3_norm"})
      expect_stored(out + name, taps.at(name));
  }
}

TEST_P(S3fdWays, TheReferenceAgreesAtOddSizesAndInABatch) {
  const at::Tensor x = weights::fill_tensor("input:odd", {2, 3, 75, 122}, 1, 100.0, 0.0);
  Taps got, want;
  const Heads a = net(GetParam().path).forward(x, &got),
              b = net(nn::Path::kReference).forward(x, &want),
              one = net(GetParam().path).forward(x.slice(0, 1));
  EXPECT_EQ(got.size(), want.size());
  for (const auto& [key, value] : want) expect_close(key, got.at(key), value, 0, kRelative);
  for (size_t i = 0; i < 6; ++i) {
    expect_close(fmt::format("conf {}", i), a.conf[i], b.conf[i], 0, kRelative);
    expect_close(fmt::format("loc {}", i), a.loc[i], b.loc[i], 0, kRelative);
    if (GetParam().path == nn::Path::kReference) continue;
    EXPECT_TRUE(one.conf[i][0].equal(a.conf[i][1])) << i;
    EXPECT_TRUE(one.loc[i][0].equal(a.loc[i][1])) << i;
  }
}

TEST(S3fd, AGradientTakesTheReferencePath) {
  const auto mini = filled("mini_params_s3fd.json", nn::Path::kFused);
  const at::Tensor x =
      weights::fill_tensor("input:x", {1, 3, 64, 80}, 1, 100.0, 0.0).requires_grad_();
  mini->forward(x).loc[0].sum().backward();
  EXPECT_GT(x.grad().abs().max().item<double>(), 0);
}

TEST(S3fd, DetectionsOfRealPicturesEqualTheStoredOnes) {
  const json index = read_json("index.json");
  for (const std::string set : {"a", "b"}) {
    const at::Tensor frames =
        golden(kFolder + "golden_s3fd.safetensors").at("input:s3fd." + set + ".frames_bgr_u8");
    const json& stored = index.at("detections:s3fd." + set);
    ASSERT_EQ(static_cast<int64_t>(stored.size()), frames.size(0));
    for (size_t i = 0; i < stored.size(); ++i) {
      const std::vector<Box> found = detect(net(), frames[static_cast<int64_t>(i)]);
      const json& kept = stored[i]["kept"];
      ASSERT_GE(found.size(), kept.size());
      for (size_t row = 0; row < kept.size(); ++row) {
        for (size_t k = 0; k < 4; ++k)
          EXPECT_NEAR(found[row].box[k], kept[row][k].get<double>(), 1e-2) << set << i << row;
        EXPECT_NEAR(found[row].score, kept[row][4].get<double>(), 1e-4) << set << i << row;
      }
      for (size_t k = 0; k < 4; ++k)
        EXPECT_EQ(static_cast<int64_t>(std::max(found[0].box[k], 0.0F)),
                  stored[i]["rect"][k].get<int64_t>());
    }
  }
}

/// The heads of one case of golden_post.
Heads post_heads(const json& c) {
  Heads out;
  const int number = c["case"];
  for (int level = 0; level < 6; ++level) {
    const auto i = static_cast<size_t>(level);
    out.conf[i] = golden(kFolder + "golden_post.safetensors")
                      .at(fmt::format("input:post{}.conf{}", number, level));
    out.loc[i] = weights::fill_tensor(
        fmt::format("input:post{}.loc{}", number, level),
        {out.conf[i].size(0), 4, out.conf[i].size(2), out.conf[i].size(3)}, kSeed, 2.5, 0.0);
  }
  return out;
}

TEST(S3fd, SuppressionAndRectanglesEqualTheTables) {
  const auto& stored = golden(kFolder + "golden_post.safetensors");
  for (const json& c : read_json("post.json")["post_cases"]) {
    const Heads heads = post_heads(c);
    for (size_t image = 0; image < c["images"].size(); ++image) {
      const auto item = static_cast<int64_t>(image);
      const std::string name = fmt::format("out:post{}.image{}.kept", c["case"].get<int>(), image);
      const std::vector<Box> kept = detections(heads, item);
      const at::Tensor& want = stored.at(name);
      ASSERT_EQ(static_cast<int64_t>(kept.size()), want.size(0)) << name;
      for (size_t i = 0; i < kept.size(); ++i) {
        std::vector<float> row(kept[i].box.begin(), kept[i].box.end());
        row.push_back(kept[i].score);
        expect_close(name, at::tensor(row), want[static_cast<int64_t>(i)], 1e-3);
      }
      // The rectangle is the first row, below zero cut off, truncated.
      const json& rect = c["images"][image]["rect"];
      ASSERT_EQ(rect.is_null(), kept.empty()) << name;
      for (size_t k = 0; k < 4 && !kept.empty(); ++k)
        EXPECT_EQ(static_cast<int64_t>(std::max(kept[0].box[k], 0.0F)), rect[k].get<int64_t>())
            << name;
    }
  }
}

TEST(S3fd, SmallPicturesAndOtherFilesAreErrors) {
  EXPECT_THROW(net().forward(at::zeros({1, 3, 31, 64})), Error);
  EXPECT_THROW(net().forward(at::zeros({1, 4, 64, 64})), Error);
  EXPECT_TRUE(detect(net(), at::zeros({32, 48, 3}, at::kByte)).size() <= 1000);
  const auto c = weights::read_checkpoint(test::data("assets/yunet/yunet_n.pth").string());
  EXPECT_FALSE(s3fd_class().recognise(c));
  EXPECT_THROW(s3fd_class().import(c), Error);
}

TEST(S3fd, ThePythonTwoContainer) {
  const auto c =
      weights::read_checkpoint(test::data(kFolder + "checkpoints/mini_s3fd_python2.pth").string());
  EXPECT_TRUE(s3fd_class().recognise(c));
  const ModelFile file = s3fd_class().import(c);
  EXPECT_EQ(file.config["width"], 2);
  const auto mini = build_as<S3fd>(file, c.file);
  const auto same = filled("mini_params_s3fd.json", nn::Path::kFused);
  const at::Tensor x = weights::fill_tensor("input:x", {1, 3, 64, 80}, 1, 100.0, 0.0);
  const Heads a = mini->forward(x), b = same->forward(x);
  for (size_t i = 0; i < 6; ++i) EXPECT_TRUE(at::equal(a.conf[i], b.conf[i])) << i;
}

}  // namespace
}  // namespace vl::models::s3fd
