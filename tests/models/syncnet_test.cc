#include "vl/models/syncnet/syncnet.h"

#include <gtest/gtest.h>

#include <fstream>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/kernels/cpu_mode.h"
#include "vl/weights/fill.h"

namespace vl::models::syncnet {
namespace {

using test::expect_close;

constexpr uint64_t kSeed = 20209;
constexpr double kRel = 1e-5, kEmbedding = 2e-6;
const std::string kFolder = "parity/wav2lip/";

weights::Checkpoint filled(const char* params) {
  return weights::read_fill(test::data(kFolder + params).string(), kSeed, false);
}

std::shared_ptr<const SyncNet> network(const char* params) {
  const auto c = filled(params);
  return build_as<SyncNet>(syncnet_class().import(c), c.file);
}

at::Tensor fill(const std::string& name, at::IntArrayRef shape, double scale, double offset) {
  return weights::fill_tensor("input:" + name, shape, kSeed, scale, offset);
}

TEST(SyncNet, EveryBlockOfTheFullSizeGoldenItsEmbeddingsAndCosine) {
  kernels::prepare_compute_thread();
  const auto& g = test::golden(kFolder + "golden_syncnet.safetensors");
  const auto index = nlohmann::json::parse(std::ifstream(test::data(kFolder + "index.json")));
  const auto net = network("params_syncnet.json");
  Taps got;
  const at::Tensor audio = net->embed_audio(fill("sync.mel", {2, 1, 80, 16}, 4, 0), &got),
                   face = net->embed_faces(fill("sync.face", {2, 15, 48, 96}, 0.5, 0.5), &got);
  int blocks = 0;
  for (const auto& [key, want] : g) {
    const std::string name = key.substr(9);  // after "out:sync."
    if (!got.count(name)) continue;
    expect_close(key, got[name], want, 0, kRel, index[key].value("stride", 1));
    ++blocks;
  }
  EXPECT_EQ(blocks, 12);
  expect_close("audio", audio, g.at("out:sync.audio_embedding"), kEmbedding);
  expect_close("face", face, g.at("out:sync.face_embedding"), kEmbedding);
  expect_close("cosine", (audio * face).sum(1), g.at("out:sync.cosine"), kEmbedding);
}

TEST(SyncNet, TheMiniatureTakesItsChannelsFromTheShapesAndEveryContainerIsTheSame) {
  const ModelFile want = syncnet_class().import(filled("mini_params_syncnet.json"));
  EXPECT_EQ(want.config["face"][7], 32);
  for (const char* name : {"mini_lipsync_expert.pth", "mini_lipsync_expert_zip.pth"}) {
    const auto c = weights::read_checkpoint(test::data(kFolder + "checkpoints/" + name).string());
    const ModelFile got = read_model("syncnet", c);
    EXPECT_EQ(got.config, want.config) << name;
    ASSERT_EQ(got.tensors.size(), want.tensors.size()) << name;
    for (const auto& [key, value] : want.tensors)
      EXPECT_TRUE(got.tensors.at(key).equal(value)) << name << key;
    build(got, name);
  }
}

TEST(SyncNet, OtherModelsAreNamed) {
  const struct {
    const char *file, *what;
  } rows[] = {{"checkpoints/mini_s3fd_python2.pth", "is a face detector, not syncnet"},
              {"checkpoints/mini_wav2lip.pth", "is a Wav2Lip generator, not syncnet"},
              {"mini_params_disc.json", "is a quality discriminator"},
              {"../../lse/params.json", "is a SyncNet for evaluation"},
              {"../yunet/golden.safetensors", "is another kind of model"}};
  for (const auto& row : rows) try {
      const std::string file = test::data(kFolder + row.file).string();
      syncnet_class().import(file.find(".json") != std::string::npos
                                 ? weights::read_fill(file, kSeed, false)
                                 : weights::read_checkpoint(file));
      ADD_FAILURE() << row.file;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kWrongModelKind);
      EXPECT_NE(e.message().find(row.what), std::string::npos) << e.message();
    }
}

TEST(SyncNet, DamagedStateDictsAreErrors) {
  const auto good = filled("mini_params_syncnet.json").root.tensors();
  const std::string first = "audio_encoder.0.conv_block.", last = "face_encoder.16.conv_block.";
  const struct {
    std::string key;
    at::Tensor value;  // undefined: the key is taken away
  } rows[] = {{last + "0.bias", {}},
              {first + "0.weight", {}},
              {"extra.weight", at::zeros({1})},
              {first + "0.weight", at::zeros({2})},
              {first + "0.weight", at::zeros({0, 1, 3, 3})},
              {first + "0.weight", at::zeros({2, 1, 3, 2})},
              {last + "0.weight", at::zeros({31, 32, 1, 1})},
              {first + "0.bias", at::full({2}, NAN)},
              {first + "1.running_var", at::full({2}, -1.0)}};
  for (const auto& row : rows) {
    weights::Dict root;
    for (const auto& [key, value] : good)
      if (key != row.key) root.push_back({{key}, {value}});
    if (row.value.defined()) root.push_back({{row.key}, {row.value}});
    const weights::Checkpoint c{.file = "damaged.pth",
                                .container = "zip",
                                .root = {std::make_shared<weights::Dict>(std::move(root))}};
    EXPECT_THROW(build(read_model("syncnet", c), c.file), Error)
        << row.key << ", row " << &row - rows;
  }
}

TEST(SyncNet, WrongShapesAndConfigurationsAreErrors) {
  const auto net = network("mini_params_syncnet.json");
  EXPECT_THROW(net->embed_audio(at::zeros({1, 1, 80, 15})), Error);
  EXPECT_THROW(net->embed_faces(at::zeros({1, 15, 96, 96})), Error);
  EXPECT_THROW(syncnet_class().make({{"face", {1, 2}}}), Error);
  EXPECT_THROW(syncnet_class().make({{"audio", {2, 4, 8, 16, 32, 33}}}), Error);
}

}  // namespace
}  // namespace vl::models::syncnet
