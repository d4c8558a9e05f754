#include "vl/models/rmvpe/rmvpe.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_parity.h"
#include "vl/core/error.h"

namespace vl {
namespace {

using models::rmvpe::Rmvpe;
using models::rmvpe::rmvpe_class;

struct Row {
  const char* golden;
  double rel;
};

// About two to three times the error of the reference's own float32 (README of the parity set).
const Row kRows[] = {
    {"encoder.bn", 3e-6}, {"encoder.0", 3e-6},   {"encoder.1", 1.5e-6},  {"encoder.2", 1e-6},
    {"encoder.3", 1e-6},  {"encoder.4", 1e-6},   {"intermediate", 1e-6}, {"decoder.0", 1.2e-6},
    {"decoder.1", 1e-6},  {"decoder.2", 1.2e-6}, {"decoder.3", 3e-6},    {"decoder.4", 4e-6},
    {"cnn", 4e-6},        {"fc.0", 8e-6},        {"fc.1", 1.5e-6},       {"salience", 3e-6},
};

class RmvpeGolden : public testing::TestWithParam<nn::Path> {};

TEST_P(RmvpeGolden, EveryBlockFromTheGoldenMel) {
  const auto rmvpe = test::rvc_model<Rmvpe>("f0", "rmvpe", GetParam());
  models::Taps taps;
  const at::Tensor mel = test::golden("parity/rvc/golden.safetensors").at("out:rmvpe.mel");
  taps["salience"] = rmvpe->salience(mel, &taps);
  for (const Row& row : kRows)
    test::expect_rvc(std::string("rmvpe.") + row.golden, taps.at(row.golden), row.rel);
}

INSTANTIATE_TEST_SUITE_P(Paths, RmvpeGolden,
                         testing::Values(nn::Path::kReference, nn::Path::kFused));

TEST(Rmvpe, TilesOfALongMelJoin) {
  const at::Tensor mel = weights::fill_tensor("mel", {1, 128, 1300}, 1, 3.0, -6.0);
  const at::Tensor want =
      test::rvc_model<Rmvpe>("f0", "rmvpe", nn::Path::kReference)->salience(mel);
  test::expect_close("salience", test::rvc_model<Rmvpe>("f0", "rmvpe")->salience(mel), want, 0,
                     1e-5);
}

TEST(Rmvpe, FramesAreKept) {
  const auto rmvpe = test::rvc_model<Rmvpe>("f0", "rmvpe");
  for (int64_t frames : {1, 31, 32, 33, 64}) {
    const at::Tensor out = rmvpe->salience(at::full({1, 128, frames}, -6.0));
    EXPECT_EQ(out.sizes(), (std::vector<int64_t>{1, frames, 360})) << frames;
  }
}

TEST(Rmvpe, RefusesOtherMels) {
  const auto rmvpe = test::rvc_model<Rmvpe>("f0", "rmvpe");
  EXPECT_THROW(rmvpe->salience(at::zeros({1, 80, 32})), Error);
  EXPECT_THROW(rmvpe->salience(at::zeros({1, 128, 0})), Error);
  EXPECT_THROW(rmvpe->salience(at::zeros({128, 32})), Error);
}

TEST(RmvpeImport, ConfigFromShapes) {
  const models::ModelFile file = rmvpe_class().import(test::rvc_part("rmvpe"));
  const nlohmann::json want = {{"levels", 5},        {"blocks", 2},       {"inter_layers", 2},
                               {"base_channels", 4}, {"in_channels", 1},  {"out_channels", 3},
                               {"n_mels", 128},      {"gru_hidden", 256}, {"gru_layers", 1},
                               {"bins", 360}};
  EXPECT_EQ(file.config, want);
}

TEST(RmvpeImport, OtherFilesAreRefused) {
  EXPECT_FALSE(rmvpe_class().recognise(test::rvc_part("hubert")));
  EXPECT_THROW(rmvpe_class().import(test::rvc_part("hubert")), Error);
  EXPECT_THROW(rmvpe_class().import(weights::Checkpoint{}), Error);
}

TEST(RmvpeImport, PublicSizeHasThePublicCount) {
  const auto module = rmvpe_class().make(rmvpe_class().default_config());
  int64_t tensors = 0;
  for (const auto& p : module->named_parameters()) tensors += p.value().defined();
  for (const auto& b : module->named_buffers()) tensors += b.value().defined();
  EXPECT_EQ(tensors, 741);
}

TEST(Rmvpe, FullSizeIsFinite) {
  const auto module = rmvpe_class().make(rmvpe_class().default_config());
  test::fill_module(*module, 1);
  const at::Tensor mel = weights::fill_tensor("mel", {1, 128, 101}, 1, 5, -6);
  const at::Tensor out = dynamic_cast<const Rmvpe&>(*module).salience(mel);
  EXPECT_TRUE(out.isfinite().all().item<bool>());
  EXPECT_GT(out.std().item<double>(), 1e-4);
}

}  // namespace
}  // namespace vl
