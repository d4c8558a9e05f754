#include "vl/weights/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include <ATen/ATen.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/weights/safetensors.h"

namespace vl::weights {
namespace {

/// A container and the parameter list its tensors were filled from.
struct Row {
  const char* file;
  const char* container;
  std::vector<std::string> entries;
  const char* params;
  uint64_t seed;
  bool half;
  const char* prefix = "";
};

const Row kRows[] = {
    {"rvc/hubert_base.pt", "zip", {"model"}, "rvc/params.hubert.json", 11, true},
    {"rvc/v2_40k_f0.pth", "zip", {"weight"}, "rvc/params.v2_40k_f0.json", 23, true},
    {"vallex/checkpoints/tiny_vallex.pt",
     "zip",
     {"model"},
     "vallex/checkpoints/tiny_vallex.params.json",
     61,
     false},
    {"vallex/checkpoints/tiny_vallex_legacy.pt",
     "legacy",
     {"model"},
     "vallex/checkpoints/tiny_vallex_legacy.params.json",
     52,
     false},
    {"vallex/checkpoints/tiny_vallex_fp16.pt",
     "zip",
     {"model"},
     "vallex/checkpoints/tiny_vallex_legacy.params.json",
     63,
     true},
    {"vallex/checkpoints/tiny_encodec_24khz.th",
     "zip",
     {""},
     "vallex/checkpoints/tiny_encodec.params.json",
     54,
     false},
    {"fastpitch/fastpitch_a.pt",
     "zip",
     {"state_dict"},
     "fastpitch/fastpitch_a.params.json",
     24,
     false},
    {"fastpitch/fastpitch_b_module_prefix.pt",
     "zip",
     {"state_dict"},
     "fastpitch/fastpitch_b.params.json",
     14,
     false,
     "module."},
    {"fastpitch/hifigan_nv_small.pt",
     "zip",
     {"generator"},
     "fastpitch/hifigan_nv_small.params.json",
     33,
     false},
    {"fastpitch/hifigan_v3_small.legacy_ckpt",
     "legacy",
     {"generator"},
     "fastpitch/hifigan_v3_small.params.json",
     32,
     false},
    {"wav2lip/checkpoints/mini_wav2lip.pth",
     "legacy",
     {"state_dict"},
     "wav2lip/mini_params.json",
     20209,
     false,
     "module."},
    {"wav2lip/checkpoints/mini_lipsync_expert.pth",
     "legacy",
     {"state_dict"},
     "wav2lip/mini_params_syncnet.json",
     20209,
     false},
    {"wav2lip/checkpoints/mini_lipsync_expert_zip.pth",
     "zip",
     {"state_dict"},
     "wav2lip/mini_params_syncnet.json",
     20209,
     false},
    {"wav2lip/checkpoints/mini_wav2lip_torchscript.pt",
     "torchscript",
     {""},
     "wav2lip/mini_params.json",
     20209,
     false},
    {"wav2lip/checkpoints/mini_s3fd_python2.pth",
     "legacy",
     {""},
     "wav2lip/mini_params_s3fd.json",
     20209,
     false},
};

std::string parity(const std::string& name) { return test::data("parity/" + name).string(); }

class Containers : public testing::TestWithParam<Row> {};

TEST_P(Containers, EveryTensorEqualsItsFill) {
  const Row& row = GetParam();
  const Checkpoint got = read_checkpoint(parity(row.file));
  EXPECT_EQ(got.container, row.container);
  const StateDict tensors = got.tensors(row.entries);
  const Checkpoint fill = read_fill(parity(row.params), row.seed, row.half);
  size_t compared = 0;
  for (const auto& [key, want] : fill.root.tensors()) {
    at::Tensor have = tensors.get(row.prefix + key);
    if (!have.defined() && key.find("num_batches_tracked") != std::string::npos) continue;
    ASSERT_TRUE(have.defined()) << key;
    if (have.dim() > want.dim()) have = have.squeeze(-1);
    EXPECT_TRUE(have.to(want.scalar_type()).equal(want)) << key << " " << have.sizes();
    ++compared;
  }
  EXPECT_GT(compared, 50u);
}

INSTANTIATE_TEST_SUITE_P(Parity, Containers, testing::ValuesIn(kRows), [](const auto& info) {
  std::string name = info.param.file;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST(Checkpoint, SharedStoragesStayShared) {
  const StateDict m =
      read_checkpoint(parity("vallex/checkpoints/tiny_vallex.pt")).tensors({"model"});
  EXPECT_EQ(m.at("nar_audio_embeddings.2.word_embeddings.weight").data_ptr(),
            m.at("nar_predict_layers.0.weight").data_ptr());
}

TEST(Checkpoint, PlainDataBesideTheTensorsIsThere) {
  const Checkpoint c = read_checkpoint(parity("rvc/v2_40k_f0.pth"));
  EXPECT_EQ(*c.root.find("version")->text(), "v2");
  EXPECT_EQ(c.root.find("config")->to_json().back(), 40000);
  EXPECT_EQ(
      read_checkpoint(parity("vallex/checkpoints/tiny_vallex.pt")).root.find("nhead")->integer(0),
      2);
  const Checkpoint hubert = read_checkpoint(parity("rvc/hubert_base.pt"));
  const auto& g = hubert.globals;
  EXPECT_NE(std::find(g.begin(), g.end(), "fairseq.data.dictionary.Dictionary"), g.end());
  EXPECT_EQ(hubert.root.find("cfg")->find("model")->find("encoder_attention_heads")->integer(0), 4);
}

TEST(Checkpoint, DamagedRealFilesAreErrorsThatSayHowMuchIsThere) {
  const std::string folder = "assets/checkpoints/";
  EXPECT_GT(read_checkpoint(test::data(folder + "legacy_complete_retinaface.pth").string())
                .root.tensors()
                .size(),
            100u);
  for (const char* name : {"truncated_s3fd_python2.pth", "truncated_wav2lip.pth"}) try {
      read_checkpoint(test::data(folder + name).string());
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kTruncatedModel) << name;
      EXPECT_NE(e.message().find(" of "), std::string::npos) << e.message();
    }
}

/// A pickle given as text, with \x escapes, wrapped as a bare legacy-looking or zip-free buffer is
/// run through the machine.
Code code_of(const std::string& bytes) {
  auto buffer = std::make_shared<std::string>(bytes);
  try {
    read_checkpoint_bytes({buffer, buffer->data(), buffer->size()}, "x.pth");
  } catch (const Error& e) {
    return e.code();
  }
  return Code{0};
}

std::string legacy(const std::string& object, const std::string& keys = "\x80\x02].") {
  return std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) +
         "\x80\x02M\xe9\x03." + std::string("\x80\x02}.", 4) + object + keys;
}

TEST(Checkpoint, HostileInputsAreErrors) {
  std::string deep = "\x80\x02";
  for (int i = 0; i < 100000; ++i) deep += "]";
  for (int i = 0; i < 99999; ++i) deep += "a";
  deep += ".";
  std::string laughs = "\x80\x02]q\x01";
  for (int i = 0; i < 30; ++i) laughs += std::string("](h\x01h\x01") + "eq\x01";
  laughs += ".";
  std::string quadratic = "\x80\x02]q\x01(";
  for (int i = 0; i < 20000; ++i) quadratic += "NN\x86";
  quadratic +=
      "e0ccollections\nOrderedDict\nq\x02"
      "0";
  for (int i = 0; i < 20000; ++i) quadratic += "h\x02h\x01\x85R0";
  quadratic += "N.";
  const std::string huge_storage =
      "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(("
      "X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
      "0X\x03\x00\x00\x00"
      "cpu\x8a\x07\xff\xff\xff\xff\xff\xff\x7ftQK\x00(\x8a\x07\xff\xff\xff\xff\xff\xff\x7ft("
      "K\x01tNNtR.";
  const struct {
    const char* name;
    std::string bytes;
    Code code;
  } rows[] = {
      {"empty", "", Code::kNotACheckpoint},
      {"html", "<!DOCTYPE html><html><body>Not found</body></html>", Code::kNotACheckpoint},
      {"lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Code::kNotACheckpoint},
      {"text", "hello", Code::kNotACheckpoint},
      {"random", std::string("\x01\x02\xff\xfe\x00garbage", 12), Code::kNotACheckpoint},
      {"os.system",
       legacy("\x80\x02"
              "cos\nsystem\nX\x02\x00\x00\x00id\x85R."),
       Code::kUnsafeModel},
      {"builtins.eval",
       legacy("\x80\x02"
              "c__builtin__\neval\nX\x01\x00\x00\x00"
              "1\x85R."),
       Code::kUnsafeModel},
      {"stack global", legacy("\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93."), Code::kUnsafeModel},
      {"deep", legacy(deep), Code::kNotACheckpoint},
      {"quadratic", legacy(quadratic), Code::kNotACheckpoint},
      {"cut pickle",
       legacy("\x80\x02X\xff\xff\xff\x7f"
              "abc"),
       Code::kTruncatedModel},
      {"unknown memo", legacy("\x80\x02h\x05."), Code::kNotACheckpoint},
      {"empty stack",
       legacy("\x80\x02"
              "0."),
       Code::kNotACheckpoint},
      {"huge storage",
       legacy(std::string(huge_storage),
              "\x80\x02]X\x01\x00\x00\x00"
              "0a."),
       Code::kNotACheckpoint},
      {"zip without directory", "PK\x03\x04 and nothing more", Code::kTruncatedModel},
      {"safetensors header", std::string("\xff\xff\xff\x7f\0\0\0\0{\"a\"", 12),
       Code::kNotACheckpoint},
  };
  for (const auto& row : rows) EXPECT_EQ(code_of(row.bytes), row.code) << row.name;
  EXPECT_EQ(code_of(legacy(laughs)), Code{0});  // shared lists stay shared: no growth
  EXPECT_EQ(code_of(legacy("\x80\x02]q\x01h\x01"
                           "a.")),
            Code{0});  // a list that holds itself
}

TEST(Safetensors, RoundTripKeepsValuesOrderAndMetadata) {
  test::TempDir dir;
  StateDict in;
  in.set("b", at::arange(6, at::kFloat).reshape({2, 3}));
  in.set("a", at::arange(4, at::kLong));
  in.set("half", at::ones({3}, at::kHalf));
  in.set("empty", at::empty({0, 5}));
  in.set("turned", at::arange(6, at::kFloat).reshape({2, 3}).t());
  write_safetensors((dir / "x.safetensors").string(), in, {{"voxlip", "{}"}});
  const SafetensorsFile out = read_safetensors((dir / "x.safetensors").string());
  EXPECT_EQ(out.metadata.at("voxlip"), "{}");
  ASSERT_EQ(out.tensors.size(), in.size());
  for (const auto& [key, want] : in) EXPECT_TRUE(out.tensors.at(key).equal(want)) << key;
  EXPECT_FALSE(std::filesystem::exists(dir / ".x.safetensors.part"));
}

TEST(WeightNorm, FoldsOldAndNewNamesOverTheRightDimensions) {
  const at::Tensor v = at::arange(24, at::kFloat).reshape({2, 3, 4}) - 5;
  const at::Tensor g0 = at::full({2, 1, 1}, 2.0), g2 = at::full({1, 1, 4}, 3.0);
  StateDict in;
  in.set("a.weight_g", g0);
  in.set("a.weight_v", v);
  in.set("b.parametrizations.weight.original0", g2);
  in.set("b.parametrizations.weight.original1", v);
  const StateDict out = fold_weight_norm(in);
  EXPECT_EQ(out.size(), 2u);
  EXPECT_TRUE(
      out.at("a.weight").square().sum(at::IntArrayRef{1, 2}).sqrt().allclose(at::full({2}, 2.0)));
  EXPECT_TRUE(
      out.at("b.weight").square().sum(at::IntArrayRef{0, 1}).sqrt().allclose(at::full({4}, 3.0)));
  StateDict alone;
  alone.set("c.weight_g", g0);
  EXPECT_THROW(fold_weight_norm(alone), Error);
}

}  // namespace
}  // namespace vl::weights
