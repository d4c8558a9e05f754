#include "vl/models/lse/lse.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/models/default_fill.h"
#include "vl/weights/fill.h"

namespace vl::models::lse {
namespace {

using test::expect_close;

constexpr uint64_t kSeed = 2512;
constexpr double kRel = 1e-5;

weights::Checkpoint filled() {
  return weights::read_fill(test::data("lse/params.json").string(), kSeed, false);
}

/// The windows of the golden: tests/data/lse/README.md.
at::Tensor picture_windows(int64_t begin, int64_t end) {
  const at::Tensor cells =
      weights::fill_tensor("input:lse.pictures", {27, 14, 14, 3}, kSeed, 128, 128)
          .floor()
          .clamp(0, 255);
  const at::Tensor pictures =
      at::upsample_nearest2d(cells.permute({0, 3, 1, 2}).contiguous(), {kSide, kSide});
  std::vector<at::Tensor> out;
  for (int64_t i = begin; i < end; ++i)
    out.push_back(pictures.slice(0, i, i + kFrames).flatten(0, 1));
  return at::stack(out);
}

TEST(Lse, EmbeddingsOfTheIndependentReading) {
  kernels::prepare_compute_thread();
  const auto& g = test::golden("lse/golden.safetensors");
  const auto c = filled();
  const auto net = build_as<Lse>(read_model("lse", c), c.file);
  const at::Tensor columns =
      g.at("mfcc").unfold(1, kColumns, 4).transpose(0, 1).unsqueeze(1).contiguous();
  const at::Tensor audio = net->embed_audio(columns.slice(0, 0, 22));
  expect_close("audio", audio.slice(0, 0, c10::nullopt, 7), g.at("audio_embedding"), 0, kRel);
  for (int64_t i = 0; i < g.at("lip_embedding").size(0); ++i)
    expect_close(fmt::format("lips {}", i), net->embed_faces(picture_windows(7 * i, 7 * i + 1)),
                 g.at("lip_embedding")[i], 0, kRel);
}

TEST(Lse, LayersAreNumberedAsInTheFileAndHaveTheirSizes) {
  kernels::prepare_compute_thread();
  const auto net = build_as<Lse>(default_fill("lse", "", nullptr, 1), "fill");
  Taps taps;
  EXPECT_TRUE(net->embed_audio(at::rand({2, 1, 13, 20}), &taps).isfinite().all().item<bool>());
  EXPECT_TRUE(
      net->embed_faces(at::rand({1, 15, 224, 224}) * 255, &taps).isfinite().all().item<bool>());
  const std::map<std::string, std::vector<int64_t>> want = {
      {"netcnnaud.0", {2, 64, 13, 20}},   {"netcnnaud.4", {2, 192, 13, 20}},
      {"netcnnaud.8", {2, 384, 11, 9}},   {"netcnnaud.11", {2, 256, 11, 9}},
      {"netcnnaud.14", {2, 256, 11, 9}},  {"netcnnaud.18", {2, 512, 1, 1}},
      {"netcnnlip.0", {1, 96, 109, 109}}, {"netcnnlip.4", {1, 256, 26, 26}},
      {"netcnnlip.8", {1, 256, 13, 13}},  {"netcnnlip.11", {1, 256, 13, 13}},
      {"netcnnlip.14", {1, 256, 13, 13}}, {"netcnnlip.18", {1, 512, 1, 1}}};
  for (const auto& [name, shape] : want) EXPECT_EQ(taps[name].sizes().vec(), shape) << name;
  EXPECT_EQ(taps.size(), want.size());
}

TEST(Lse, OlderFilesHaveNoCountersAndWrappersAreTakenOff) {
  weights::Dict bare;
  for (const auto& [key, value] : filled().root.tensors())
    if (key.find("num_batches_tracked") == std::string::npos)
      bare.push_back({{"module." + key}, {value}});
  const weights::Checkpoint c{.file = "old.model",
                              .container = "legacy",
                              .root = {std::make_shared<weights::Dict>(std::move(bare))}};
  const ModelFile file = read_model("lse", c);
  EXPECT_EQ(file.tensors.size(), 88U);
  build(file, c.file);
}

TEST(Lse, OtherKindsAndOtherSizesAreErrors) {
  const auto lips = weights::read_fill(
      test::data("parity/wav2lip/mini_params_syncnet.json").string(), kSeed, false);
  try {
    lse_class().import(lips);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kWrongModelKind);
    EXPECT_NE(e.message().find("is a SyncNet (lip-sync expert), not lse"), std::string::npos);
  }
  const struct {
    const char* key;
    at::Tensor value;  // undefined: the key is taken away
  } rows[] = {{"netfclip.3.bias", {}},
              {"netcnnlip.0.weight", at::zeros({96, 3, 5, 5, 5})},
              {"netcnnlip.0.weight", at::zeros({96})},
              {"netfcaud.3.weight", at::zeros({512, 512})},
              {"netcnnaud.1.running_var", at::full({64}, -1.0)},
              {"netcnnaud.0.bias", at::full({64}, NAN)},
              {"extra.weight", at::zeros({1})}};
  const auto good = filled().root.tensors();
  for (const auto& row : rows) {
    weights::Dict root;
    for (const auto& [key, value] : good)
      if (key != row.key) root.push_back({{key}, {value}});
    if (row.value.defined()) root.push_back({{std::string(row.key)}, {row.value}});
    const weights::Checkpoint c{.file = "damaged.model",
                                .container = "zip",
                                .root = {std::make_shared<weights::Dict>(std::move(root))}};
    EXPECT_THROW(build(read_model("lse", c), c.file), Error) << row.key << ", row " << &row - rows;
  }
}

TEST(Lse, WrongInputsAreErrors) {
  const auto net = build_as<Lse>(default_fill("lse", "", nullptr, 1), "fill");
  EXPECT_THROW(net->embed_audio(at::zeros({1, 1, 13, 19})), Error);
  EXPECT_THROW(net->embed_faces(at::zeros({1, 15, 224, 223})), Error);
  EXPECT_THROW(lse_class().make({{"embedding", 512}}), Error);
}

}  // namespace
}  // namespace vl::models::lse
