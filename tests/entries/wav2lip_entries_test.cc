#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/entries/run.h"
#include "tests/support/parity_speech.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/models/registry.h"
#include "vl/weights/fill.h"

namespace vl::entries {
namespace {

using test::expect_close;

constexpr uint64_t kSeed = 20209;
const std::string kFolder = "parity/wav2lip/", kFaces = "parity/yunet/golden.safetensors";

using ModulePtr = std::shared_ptr<torch::nn::Module>;

ModulePtr lips(const char* params) {
  static std::map<std::string, ModulePtr> cache;
  ModulePtr& model = cache[params];
  if (!model)
    model = models::build(
        models::read_model("wav2lip", weights::read_fill(test::data(kFolder + params).string(),
                                                         kSeed, /*half=*/false)),
        params);
  return model;
}

ModulePtr finder() {
  const std::string file = test::data("assets/yunet/yunet_n.pth").string();
  static const ModulePtr model =
      models::build(models::read_model("face", weights::read_checkpoint(file)), file);
  return model;
}

at::Tensor fill(const std::string& name, at::IntArrayRef shape, double scale, double offset) {
  return weights::fill_tensor("input:" + name, shape, kSeed, scale, offset);
}

int64_t stride_of(const std::string& key) {
  static const auto index =
      nlohmann::json::parse(std::ifstream(test::data(kFolder + "index.json")));
  return index.at(key).value("stride", 1);
}

TEST(Wav2LipEntry, MelWithBothPaddings) {
  const auto& g = test::golden(kFolder + "golden_audio.safetensors");
  const at::Tensor wave = test::parity_speech(0, 80000);
  const struct {
    const char* golden;
    bool zero_pad;
    std::vector<int64_t> columns;  // empty: all
  } rows[] = {{"out:mel_eng5s", false, {}},
              {"out:mel_eng5s_zeropad_edges", true, {0, 1, 399, 400}}};
  for (const auto& row : rows) {
    Tensors in{{"wave", wave[0]}};  // the leading 1 may be left out
    if (row.zero_pad) in["zero_pad"] = at::ones({1}, at::kLong);
    at::Tensor mel = run("wav2lip", "mel", nullptr, in).at("mel");
    if (!row.columns.empty()) mel = mel.index_select(1, at::tensor(row.columns));
    expect_close(row.golden, mel, g.at(row.golden), 1e-6);
  }
}

TEST(Wav2LipEntry, ForwardNamesItsBlocksByModulePath) {
  const auto& g = test::golden(kFolder + "golden_generator.safetensors");
  const at::Tensor crop = g.at("input:gen.face_crops_bgr_u8")[0];
  at::Tensor masked = crop.clone();
  masked.slice(0, 48).zero_();
  const at::Tensor six = at::cat({masked, crop}, 2).permute({2, 0, 1}).to(at::kFloat) / 255.0F;
  const Tensors in{
      {"mel", at::cat({fill("gen.mel", {1, 1, 80, 16}, 4, 0),
                       g.at("input:gen.mel_chunks").slice(0, 0, 1)})},
      {"faces", at::cat({fill("gen.face", {1, 6, 96, 96}, 0.5, 0.5), six.unsqueeze(0)})}};
  const Tensors out =
      run("wav2lip", "forward", lips("params.json").get(), in, /*outputs_all=*/true);
  for (const auto& [key, want] : g) {
    if (key.rfind("out:gen.", 0) != 0 || key.find("folded") != std::string::npos ||
        key == "out:gen.image_u8")
      continue;
    const std::string name = key.substr(8);
    ASSERT_TRUE(out.count(name)) << name;
    const bool image = name == "image";
    expect_close(key, out.at(name), want, image ? 1e-5 : 0, image ? 0 : 1e-5, stride_of(key));
  }
  EXPECT_EQ(run("wav2lip", "forward", lips("params.json").get(), in).size(), 1u);
}

TEST(Wav2LipEntry, TheMiniature) {
  const Tensors out = run("wav2lip", "forward", lips("mini_params.json").get(),
                          {{"mel", fill("mini.mel", {2, 1, 80, 16}, 4, 0)},
                           {"faces", fill("mini.face", {2, 6, 96, 96}, 0.5, 0.5)}});
  expect_close("mini.image", out.at("image"),
               test::golden(kFolder + "golden_train.safetensors").at("out:mini.image"), 1e-5, 0,
               stride_of("out:mini.image"));
}

ModulePtr filled(const char* role, const std::string& params, uint64_t seed) {
  return models::build(models::read_model(role, weights::read_fill(test::data(params).string(),
                                                                   seed, /*half=*/false)),
                       params);
}

TEST(SyncNetEntry, EmbedNamesItsBlocksByModulePath) {
  const auto& g = test::golden(kFolder + "golden_syncnet.safetensors");
  const ModulePtr net = filled("syncnet", kFolder + "params_syncnet.json", kSeed);
  const Tensors out = run("syncnet", "embed", net.get(),
                          {{"mel", fill("sync.mel", {2, 1, 80, 16}, 4, 0)},
                           {"faces", fill("sync.face", {2, 15, 48, 96}, 0.5, 0.5)}},
                          /*outputs_all=*/true);
  for (const auto& [key, want] : g) {
    const std::string name = key.substr(9);  // after "out:sync."
    ASSERT_TRUE(out.count(name)) << name;
    const bool block = name.find("encoder") != std::string::npos;
    expect_close(key, out.at(name), want, block ? 0 : 2e-6, block ? 1e-5 : 0, stride_of(key));
  }
}

TEST(LseEntry, CepstraAndEmbeddings) {
  const auto& g = test::golden("lse/golden.safetensors");
  const at::Tensor wave = test::parity_speech(48000, 48000 + 17380);
  const at::Tensor mfcc = run("lse", "mfcc", nullptr, {{"wave", wave}}).at("mfcc");
  expect_close("mfcc", mfcc, g.at("mfcc"), 2e-6, 2e-6);
  const at::Tensor cells =
      weights::fill_tensor("input:lse.pictures", {27, 14, 14, 3}, 2512, 128, 128)
          .floor()
          .clamp(0, 255);
  const at::Tensor faces =
      cells.repeat_interleave(16, 1).repeat_interleave(16, 2).slice(0, 7, 12).permute({3, 0, 1, 2});
  const ModulePtr net = filled("lse", "lse/params.json", 2512);
  const Tensors out =
      run("lse", "embed", net.get(), {{"mfcc", mfcc.slice(1, 28, 48)}, {"faces", faces}},
          /*outputs_all=*/true);
  expect_close("audio", out.at("audio_embedding"), g.at("audio_embedding")[1], 0, 1e-5);
  expect_close("face", out.at("face_embedding"), g.at("lip_embedding")[1], 0, 1e-5);
  EXPECT_TRUE(out.count("netcnnlip.18"));
}

TEST(SyncEntries, BadInputsAreErrors) {
  const ModulePtr net = filled("syncnet", kFolder + "mini_params_syncnet.json", kSeed);
  const at::Tensor mel = at::zeros({2, 1, 80, 16}), faces = at::zeros({2, 15, 48, 96});
  const Tensors rows[] = {{{"mel", mel}},
                          {{"mel", mel.slice(0, 0, 1)}, {"faces", faces}},
                          {{"mel", mel.slice(0, 0, 0)}, {"faces", faces.slice(0, 0, 0)}},
                          {{"mel", mel}, {"faces", faces.slice(1, 0, 6)}}};
  for (const Tensors& row : rows) EXPECT_THROW(run("syncnet", "embed", net.get(), row), Error);
  EXPECT_THROW(run("lse", "mfcc", nullptr, {{"wave", at::zeros({1, 0})}}), Error);
}

TEST(FaceEntry, RawAndDetect) {
  const auto& g = test::golden(kFaces);
  const Tensors raw =
      run("face", "raw", finder().get(), {{"frames_bgr_u8", g.at("talk3/input:bgr_u8")}});
  EXPECT_EQ(raw.size(), 12u);
  for (const auto& [name, got] : raw) {
    const bool probability = name.rfind("cls", 0) == 0 || name.rfind("obj", 0) == 0;
    expect_close(name, got, g.at("talk3/out:" + name), probability ? 1e-5 : 5e-5);
  }
  for (const char* clip : {"portrait_1080p_hevc", "talk2", "talk3", "talk5"}) {
    const std::string key = clip;
    const at::Tensor got =
        run("face", "detect", finder().get(), {{"frames_bgr_u8", g.at(key + "/input:bgr_u8")}})
            .at("detections");
    ASSERT_EQ(got.dim(), 2) << clip;
    EXPECT_EQ(got.size(1), 15) << clip;
    expect_close(clip, got, g.at(key + "/out:detections"), 1e-3);
  }
}

TEST(FaceEntry, OtherSizesArePaddedAtTheRightAndBottom) {
  const at::Tensor frame =
      test::golden(kFaces).at("talk3/input:bgr_u8").slice(0, 0, 301).slice(1, 0, 317);
  const at::Tensor padded = at::constant_pad_nd(frame, {0, 0, 0, 3, 0, 19});
  const Tensors a = run("face", "raw", finder().get(), {{"frames_bgr_u8", frame.contiguous()}}),
                b = run("face", "raw", finder().get(), {{"frames_bgr_u8", padded}});
  for (const auto& [name, want] : b) expect_close(name, a.at(name), want, 0);
  const at::Tensor none = run("face", "detect", finder().get(),
                              {{"frames_bgr_u8", at::zeros({2, 40, 50, 3}, at::kByte)}})
                              .at("detections");
  EXPECT_EQ(none.sizes(), (std::vector<int64_t>{0, 15}));
}

TEST(LipAndFaceEntries, BadInputsAreErrors) {
  const at::Tensor mel = at::zeros({1, 1, 80, 16}), faces = at::zeros({1, 6, 96, 96});
  const struct {
    const char *role, *entry;
    Tensors inputs;
  } rows[] = {
      {"wav2lip", "mel", {{"wave", at::full({1, 4000}, NAN)}}},
      {"wav2lip", "mel", {{"wave", at::full({1, 4000}, INFINITY)}}},
      {"wav2lip", "mel", {{"wave", at::zeros({1, 0})}}},
      {"wav2lip", "mel", {{"wave", at::zeros({1, 400})}}},
      {"wav2lip", "mel", {{"wave", at::zeros({2, 4000})}}},
      {"wav2lip", "forward", {{"mel", mel}}},
      {"wav2lip", "forward", {{"mel", mel}, {"faces", faces.slice(2, 0, 95)}}},
      {"wav2lip", "forward", {{"mel", mel.expand({2, 1, 80, 16})}, {"faces", faces}}},
      {"wav2lip", "forward", {{"mel", mel.slice(0, 0, 0)}, {"faces", faces.slice(0, 0, 0)}}},
      {"wav2lip", "forward", {{"mel", mel}, {"faces", faces}, {"face", faces}}},
      {"face", "raw", {{"frames_bgr_u8", at::zeros({0, 32, 32, 3}, at::kByte)}}},
      {"face", "raw", {{"frames_bgr_u8", at::zeros({1, 0, 32, 3}, at::kByte)}}},
      {"face", "raw", {{"frames_bgr_u8", at::zeros({1, 32, 32, 4}, at::kByte)}}},
      {"face", "raw", {{"frames_bgr_u8", at::zeros({1, 32, 32, 3})}}},
      {"face", "detect", {{"frames_bgr_u8", at::zeros({0, 32, 32, 3}, at::kByte)}}},
      {"face", "detect", {{"frames_bgr_u8", at::zeros({1, 32, 0, 3}, at::kByte)}}},
  };
  for (const auto& row : rows) {
    const bool face = std::string(row.role) == "face";
    EXPECT_THROW(
        run(row.role, row.entry, (face ? finder() : lips("mini_params.json")).get(), row.inputs),
        Error)
        << row.role << " " << row.entry << ", row " << &row - rows;
  }
}

}  // namespace
}  // namespace vl::entries
