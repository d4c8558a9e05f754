#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/support/torch_fill.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/hifigan/generator.h"
#include "vl/models/hifigan/import.h"
#include "vl/models/hifigan/output.h"
#include "vl/models/registry.h"
#include "vl/weights/fill.h"

namespace vl::models::hifigan {
namespace {

using test::expect_close;
using test::expect_equal;
using weights::Checkpoint;

const std::string kFolder = "parity/fastpitch/";
// Twice the observed float32 error, parity/fastpitch/README.md.
constexpr double kBlock = 2 * 5e-6, kAudio = 2 * 4e-6;

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in);
}

Checkpoint filled(const std::string& name, uint64_t seed, bool with_config = true) {
  Checkpoint c = weights::read_fill(test::data(kFolder + name + ".params.json").string(), seed,
                                    /*half=*/false);
  if (with_config) c.config = read_json(test::data(kFolder + name + ".config.json"));
  return c;
}

std::shared_ptr<const Generator> generator(const Checkpoint& checkpoint,
                                           nn::Path path = nn::Path::kFused) {
  const auto g = build_as<Generator>(hifigan_class().import(checkpoint), checkpoint.file);
  if (path != nn::Path::kFused) std::const_pointer_cast<Generator>(g)->set_path(path);
  return g;
}

constexpr nn::Path kPaths[] = {nn::Path::kReference, nn::Path::kFused};

at::Tensor random_mel(int64_t batch, int64_t frames, uint64_t seed) {
  return weights::fill_tensor("input:mel", {batch, 80, frames}, seed, 4.0, -5.0);
}

struct Small {
  const char* name;
  uint64_t seed;
};
const Small kSmall[] = {{"hifigan_v1_small", 31},
                        {"hifigan_v3_small", 32},
                        {"hifigan_nv_small", 33},
                        {"hifigan_nv_old_layout", 34}};

const test::Tensors& stored(const Small& s) {
  return test::golden(kFolder + s.name + ".golden.safetensors");
}

TEST(Hifigan, SmallGenerators) {
  for (const Small& s : kSmall) {
    SCOPED_TRACE(s.name);
    const at::Tensor want = stored(s).at("out:audio");
    const at::Tensor mel = random_mel(want.size(0), 6, s.seed);
    const auto g = generator(filled(s.name, s.seed));
    expect_close("audio, fused", g->forward(mel), want, kAudio);
    Blocks blocks;
    expect_close("audio", g->forward(mel, &blocks), want, kAudio);
    for (const auto& [key, value] : stored(s)) {
      if (key == "out:audio") continue;
      const auto block = blocks.find(key.substr(4));
      ASSERT_NE(block, blocks.end()) << key;
      expect_close(key, block->second[0], value, kBlock);
    }
  }
}

TEST(Hifigan, KernelOrderWithoutConfiguration) {
  for (const Small& s : kSmall) {
    const nlohmann::json with = hifigan_class().import(filled(s.name, s.seed)).config;
    EXPECT_EQ(hifigan_class().import(filled(s.name, s.seed, false)).config, with) << s.name;
  }
}

/// The same weights in the other spellings that public files have.
Checkpoint respelt(const Checkpoint& in, bool nested, bool extra_dimension, bool parametrised,
                   const std::string& prefix) {
  auto dict = std::make_shared<weights::Dict>();
  for (const auto& [key, value] : in.root.tensors()) {
    std::string name = key;
    if (const size_t dot = name.find('.', 10); nested && name.rfind("resblocks.", 0) == 0) {
      const int n = std::stoi(name.substr(10, dot - 10));
      name = fmt::format("resblocks.{}.{}{}", n / 3, n % 3, name.substr(dot));
    }
    const auto replace = [&](const std::string& from, const std::string& to) {
      if (const size_t at = name.find(from); parametrised && at != std::string::npos)
        name.replace(at, from.size(), to);
    };
    replace("weight_g", "parametrizations.weight.original0");
    replace("weight_v", "parametrizations.weight.original1");
    const bool widen = extra_dimension && value.dim() == 3 && name.rfind("ups", 0) != 0;
    dict->emplace_back(weights::Value{prefix + name},
                       weights::Value{widen ? value.unsqueeze(3) : value});
  }
  auto root = std::make_shared<weights::Dict>();
  root->emplace_back(weights::Value{std::string("generator")}, weights::Value{dict});
  root->emplace_back(weights::Value{std::string("gen_ema")}, weights::Value{});
  Checkpoint out = in;
  out.root.data = root;
  return out;
}

TEST(Hifigan, SpellingsOfTheSameWeights) {
  struct Row {
    const char* name;
    bool nested, extra_dimension, parametrised;
    const char* prefix;
  };
  const Row rows[] = {{"plain", false, false, false, ""},
                      {"nested", true, false, false, ""},
                      {"extra dimension", false, true, false, ""},
                      {"parametrised", false, false, true, ""},
                      {"all", true, true, true, "module."}};
  const Checkpoint plain = filled("hifigan_v1_small", 31);
  const at::Tensor mel = random_mel(1, 6, 31);
  const at::Tensor want = generator(plain)->forward(mel);
  for (const Row& r : rows) {
    const Checkpoint c = respelt(plain, r.nested, r.extra_dimension, r.parametrised, r.prefix);
    EXPECT_TRUE(hifigan_class().recognise(c)) << r.name;
    EXPECT_TRUE(generator(c)->forward(mel).equal(want)) << r.name;
  }
}

TEST(Hifigan, FoldedWeightsAreTakenAsTheyAre) {
  const ModelFile file = hifigan_class().import(filled("hifigan_v1_small", 31));
  auto dict = std::make_shared<weights::Dict>();
  for (const auto& [key, value] : file.tensors)
    dict->emplace_back(weights::Value{key}, weights::Value{value});
  Checkpoint folded;
  folded.root.data = dict;
  const ModelFile again = hifigan_class().import(folded);
  EXPECT_EQ(again.config, file.config);
  ASSERT_EQ(again.tensors.size(), file.tensors.size());
  for (const auto& [key, value] : file.tensors) EXPECT_TRUE(again.tensors.at(key).equal(value));
}

TEST(Hifigan, RealVocoderFromStoredMel) {
  const Checkpoint file = [] {
    Checkpoint c = weights::read_checkpoint(test::data("assets/hifigan/generator_v2").string());
    c.config = read_json(test::source("assets/hifigan/lj_v2/config.json"));
    return c;
  }();
  const auto& mels = test::golden(kFolder + "mel.golden.safetensors");
  const auto& want = test::golden(kFolder + "vocoder_lj_v2.golden.safetensors");
  for (const nn::Path path : kPaths) {
    SCOPED_TRACE(path == nn::Path::kFused ? "fused" : "reference");
    const auto vocoder = generator(file, path);
    for (const std::string name : {"LJ011-0202", "LJ042-0094"}) {
      const at::Tensor mel = mels.at("out:" + name + ".mel_hifigan").unsqueeze(0);
      const at::Tensor audio = vocoder->forward(mel);
      expect_close(name, audio, want.at("out:" + name + ".audio"), 2 * 1.5e-5);
      const at::Tensor joined = vocode_chunked(*vocoder, mel, 64);
      expect_close(name + " in chunks", joined, audio, 2 * 1.5e-5);
    }
    const at::Tensor bias_audio = vocoder->forward(at::zeros({1, 80, 88})).slice(2, 0, 4096);
    expect_close("bias_audio", bias_audio, want.at("out:denoiser.bias_audio"), 2 * 2.1e-5);
  }
}

TEST(Hifigan, PublicContainers) {
  struct Row {
    const char* file;
    const char* config;
    Small small;
  };
  const Row rows[] = {{"hifigan_v3_small.legacy_ckpt", "hifigan_v3_small.config.json", kSmall[1]},
                      {"hifigan_v3_small.legacy_ckpt", "", kSmall[1]},
                      {"hifigan_nv_small.pt", "", kSmall[2]},
                      {"hifigan_nv_old_layout.pt", "", kSmall[3]}};
  for (const Row& r : rows) {
    Checkpoint c = weights::read_checkpoint(test::data(kFolder + r.file).string());
    if (*r.config != 0) c.config = read_json(test::data(kFolder + r.config));
    EXPECT_TRUE(hifigan_class().recognise(c)) << r.file;
    const at::Tensor want = stored(r.small).at("out:audio");
    const at::Tensor audio = generator(c)->forward(random_mel(want.size(0), 6, r.small.seed));
    expect_close(r.file, audio, want, kAudio);
  }
}

TEST(Hifigan, ContextAndChunks) {
  HifiganConfig v1, v2, v3;
  v2.upsample_initial_channel = 128;
  v3.resblock = "2", v3.upsample_rates = {8, 8, 4}, v3.upsample_kernel_sizes = {16, 16, 8};
  v3.upsample_initial_channel = 256, v3.resblock_kernel_sizes = {3, 5, 7};
  v3.resblock_dilation_sizes = {{1, 2}, {2, 6}, {3, 12}};
  EXPECT_EQ(context_frames(v1), 13);
  EXPECT_EQ(context_frames(v2), 13);
  EXPECT_EQ(context_frames(v3), 11);
  for (const Small& s : kSmall) {
    const auto g = generator(filled(s.name, s.seed));
    const at::Tensor mel = random_mel(1, 40, s.seed), whole = g->forward(mel);
    for (int64_t chunk : {6, 17, 40, 100})
      expect_close(fmt::format("{} by {}", s.name, chunk), vocode_chunked(*g, mel, chunk), whole,
                   kAudio);
  }
}

/// One frame of a mel changes samples exactly up to the context away from it; in the fast path the
/// rounding of those beyond it may change too.
TEST(Hifigan, ContextIsTight) {
  for (const Small& s : kSmall) {
    const auto g = generator(filled(s.name, s.seed), nn::Path::kReference);
    const auto fast = generator(filled(s.name, s.seed));
    const int64_t context = context_frames(g->config()), at_frame = 30;
    const at::Tensor mel = random_mel(1, 61, s.seed);
    at::Tensor other = mel.clone();
    other.select(2, at_frame).add_(5.0);
    const at::Tensor differs = g->forward(mel).ne(g->forward(other)).flatten().nonzero();
    const int64_t first = differs.min().item<int64_t>() / 256,
                  last = differs.max().item<int64_t>() / 256;
    EXPECT_GE(first, at_frame - context) << s.name;
    EXPECT_LE(last, at_frame + context) << s.name;
    EXPECT_GE(last - first, 2 * context - 4) << s.name;
    const at::Tensor a = fast->forward(mel), b = fast->forward(other);
    for (const auto& [begin, end] :
         {std::pair<int64_t, int64_t>{0, at_frame - context}, {at_frame + context + 1, 61}})
      expect_close(s.name, a.slice(2, begin * 256, end * 256), b.slice(2, begin * 256, end * 256),
                   kAudio);
  }
}

TEST(Hifigan, EmptyAndBadCalls) {
  const auto g = generator(filled("hifigan_v1_small", 31));
  EXPECT_EQ(g->forward(at::zeros({1, 80, 0})).sizes(), at::IntArrayRef({1, 1, 0}));
  EXPECT_EQ(g->forward(at::zeros({0, 80, 3})).sizes(), at::IntArrayRef({0, 1, 768}));
  EXPECT_THROW(g->forward(at::zeros({1, 79, 3})), Error);
  EXPECT_THROW(g->forward(at::zeros({80, 3})), Error);
  EXPECT_THROW(vocode_chunked(*g, at::zeros({1, 80, 3}), 0), Error);
  EXPECT_THROW(vocode_span(*g, at::zeros({1, 80, 3}), 2, 2), Error);
  EXPECT_THROW(vocode_span(*g, at::zeros({1, 80, 3}), -1, 2), Error);
}

TEST(HifiganImport, ConfigBesideTheFile) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / fmt::format("voxlip_beside_{}", ::getpid());
  fs::create_directories(folder);
  fs::copy_file(test::data("assets/hifigan/generator_v2"), folder / "g");
  nlohmann::json config = read_json(test::source("assets/hifigan/lj_v2/config.json"));
  config["sampling_rate"] = 24000;
  config["resblock_dilation_sizes"] = {{1, 2, 4}, {1, 2, 4}, {1, 2, 4}};
  const auto imported = [&] {
    return hifigan_class().import(weights::read_checkpoint((folder / "g").string())).config;
  };
  EXPECT_EQ(imported()["sampling_rate"], 22050);
  std::ofstream(folder / "config.json") << config;
  EXPECT_EQ(imported()["sampling_rate"], 24000);
  EXPECT_EQ(imported()["resblock_dilation_sizes"][2], (std::vector<int64_t>{1, 2, 4}));
  std::ofstream(folder / "config.json") << R"({"hidden_size": 768})";  // of something else
  EXPECT_EQ(imported()["sampling_rate"], 22050);
  fs::remove_all(folder);
}

TEST(HifiganImport, RefusesWhatDoesNotFit) {
  struct Row {
    const char* key;
    nlohmann::json value;
    Code code;
  };
  const Row rows[] = {
      {"resblock", "3", Code::kBadWeights},
      {"upsample_rates", {8, 8, 2}, Code::kUnsupportedVariant},
      {"upsample_rates", {8, 8, 2, 3}, Code::kUnsupportedVariant},
      {"upsample_rates", "8", Code::kBadWeights},
      {"upsample_initial_channel", 64, Code::kBadWeights},
      {"upsample_initial_channel", 33, Code::kUnsupportedVariant},
      {"resblock_kernel_sizes", {3, 7, 10}, Code::kUnsupportedVariant},
      {"resblock_dilation_sizes", {{1, 3, 5}, {1, 3, 0}, {1, 3, 5}}, Code::kUnsupportedVariant},
  };
  for (const Row& r : rows) {
    Checkpoint c = filled("hifigan_v1_small", 31);
    (*c.config)[r.key] = r.value;
    try {
      hifigan_class().import(c);
      ADD_FAILURE() << r.key << " " << r.value << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), r.code) << e.what();
    }
  }
  Checkpoint order = filled("hifigan_v1_small", 31);
  (*order.config)["resblock_kernel_sizes"] = {11, 7, 3};
  EXPECT_THROW(generator(order), Error);
  const Checkpoint other =
      weights::read_fill(test::data(kFolder + "fastpitch_a.params.json").string(), 24, false);
  EXPECT_FALSE(hifigan_class().recognise(other));
  EXPECT_THROW(hifigan_class().import(other), Error);
}

TEST(HifiganImport, VariantsHaveThePublishedSizes) {
  struct Row {
    const char* name;
    int64_t channels, want;
    bool v3;
  };
  const Row rows[] = {
      {"V1", 512, 13926017, false}, {"V2", 128, 925985, false}, {"V3", 256, 1462273, true}};
  for (const Row& r : rows) {
    HifiganConfig c;
    c.upsample_initial_channel = r.channels;
    if (r.v3) {
      c.resblock = "2", c.upsample_rates = {8, 8, 4}, c.upsample_kernel_sizes = {16, 16, 8};
      c.resblock_kernel_sizes = {3, 5, 7};
      c.resblock_dilation_sizes = {{1, 2}, {2, 6}, {3, 12}};
    }
    int64_t count = 0;
    for (const at::Tensor& p : hifigan_class().make(config_to_json(c))->parameters())
      count += p.numel();
    EXPECT_EQ(count, r.want) << r.name;
  }
}

TEST(Hifigan, PublicSize) {
  ModelFile file{.role = "hifigan",
                 .arch = "hifigan",
                 .config = hifigan_class().default_config(),
                 .tensors = {}};
  file.tensors = test::rule_filled(*hifigan_class().make(file.config), 1);
  const at::Tensor audio = build_as<Generator>(file, "fill")->forward(random_mel(1, 4, 1));
  EXPECT_EQ(audio.sizes(), at::IntArrayRef({1, 1, 1024}));
  EXPECT_TRUE(audio.isfinite().all().item<bool>());
}

TEST(HifiganOutput, Pcm16) {
  const at::Tensor x =
      at::tensor({0.0, 1.0, -1.0, 2.0, -2.0, 1.5 / 32768, 2.5 / 32768, -0.9 / 32768});
  expect_equal("rounded", to_pcm16(x), at::tensor({0, 32767, -32768, 32767, -32768, 2, 2, -1}));
  expect_equal("truncated", to_pcm16_truncated(x),
               at::tensor({0, 32767, -32768, 32767, -32768, 1, 2, 0}));
  EXPECT_THROW(to_pcm16(at::full({3}, NAN)), Error);
  EXPECT_THROW(to_pcm16_truncated(at::full({3}, INFINITY)), Error);
  const auto& want = test::golden(kFolder + "vocoder_lj_v2.golden.safetensors");
  for (const std::string name : {"LJ011-0202", "LJ042-0094"})
    expect_equal(name, to_pcm16_truncated(want.at("out:" + name + ".audio").slice(0, 0, 4096)),
                 want.at("out:" + name + ".int16_first4096"));
}

TEST(HifiganOutput, ScriptOutput) {
  const auto& want = test::golden(kFolder + "vocoder_lj_v2.golden.safetensors");
  const at::Tensor out = script_output(want.at("out:denoiser.LJ011-0202.strength0.01"), 270);
  expect_close("first2048", out.slice(0, 0, 2048),
               want.at("out:script_output.LJ011-0202.first2048"), 1e-7);
  expect_close("last4096", out.slice(0, out.size(0) - 4096),
               want.at("out:script_output.LJ011-0202.last4096"), 1e-7);
  EXPECT_EQ(script_output(at::zeros({2560}), 10).abs().max().item<float>(), 0.0F);
  const at::Tensor brief = script_output(at::ones({600}), 2);
  expect_close("short", brief, at::linspace(1.0, 0.0, 512), 1e-6);
  EXPECT_EQ(script_output(at::ones({600}), 0).numel(), 0);
}

}  // namespace
}  // namespace vl::models::hifigan
