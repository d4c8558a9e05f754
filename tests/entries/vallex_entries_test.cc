#include <fstream>
#include <iterator>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/entries/run.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/models/registry.h"
#include "vl/models/vocos/yaml.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/fill.h"
#include "vl/weights/npz.h"

namespace vl::entries {
namespace {

using test::expect_close;
using test::expect_equal;

const std::string kFolder = "parity/vallex/";
// The fair bars of parity/vallex/README.md: logits absolute, codec and vocoder of the maximum.
constexpr double kLogits = 1e-4, kRel = 1e-5, kDecided = 1e-4;

const test::Tensors& golden(const std::string& set) {
  return test::golden(kFolder + set + "/golden.safetensors");
}

using Model = std::shared_ptr<torch::nn::Module>;

Model filled(const char* role, const std::string& set, uint64_t seed) {
  const auto c =
      weights::read_fill(test::data(kFolder + set + "/params.json").string(), seed, false);
  return models::build(models::read_model(role, c), c.file);
}

const torch::nn::Module* lm() {
  static const Model model = filled("vallex", "lm", 405);
  return model.get();
}
const torch::nn::Module* codec() {
  static const Model model = filled("codec", "encodec", 21);
  return model.get();
}
const torch::nn::Module* vocos() {
  static const Model model = filled("vocos", "vocos", 22);
  return model.get();
}

at::Tensor whole(int64_t x) { return at::full({1}, x, at::kLong); }
at::Tensor number(double x) { return at::full({1}, x); }

/// [1, T, 8] int64
at::Tensor preset(const std::string& name) {
  return weights::read_npz(test::data("assets/vallex/presets/" + name + ".npz").string())
      .at("audio_tokens")
      .to(at::kLong);
}

const nlohmann::json& cases() {
  static const auto all =
      nlohmann::json::parse(std::ifstream(test::data(kFolder + "lm/cases.json")))["cases"];
  return all;
}

/// Inputs of a case of cases.json; the net is 64 wide with 4 heads, which nothing stores.
Tensors lm_inputs(const std::string& name) {
  const int64_t frames = cases()[name]["prompt_frames"];
  at::Tensor codes = at::zeros({0, 8}, at::kLong);
  if (frames > 0) codes = preset(cases()[name]["preset"])[0].slice(0, 0, frames);
  Tensors out = {{"prompt_codes", codes}, {"heads", whole(4)}};
  for (const char* key : {"text_tokens", "language_ids", "forced"}) {
    const auto it = golden("lm").find("input:" + name + ":" + key);
    if (it != golden("lm").end()) out[key] = it->second;
  }
  return out;
}

const at::Tensor& lm_want(const std::string& name, const std::string& key) {
  return golden("lm").at("out:" + name + ":" + key);
}

TEST(VallexEntries, ArLogits) {
  for (const std::string name : {"tf_prompt", "tf_noprompt", "tf_mixed", "tf_accent_zh"}) {
    const Tensors got = run("vallex", "ar_logits", lm(), lm_inputs(name), true);
    expect_close(name, got.at("ar_logits"), lm_want(name, "ar_logits"), kLogits);
    if (name != "tf_prompt") continue;
    for (const char* block : {"ar_embed", "ar_layer0", "ar_layer1", "ar_layer2", "ar_norm"})
      expect_close(block, got.at(block), lm_want(name, block), kLogits);
    for (const char* block : {"ar_layer0_k", "ar_layer0_v"})
      expect_close(block, got.at(block).slice(1, 0, INT64_MAX, 8), lm_want(name, block), kLogits);
  }
}

TEST(VallexEntries, GreedyAndNar) {
  const struct {
    const char* name;
    Tensors more;
  } rows[] = {{"greedy_eos_zh", {}},
              {"greedy_eos_en", {}},
              {"greedy_cap", {}},
              {"prefix0", {{"prefix_mode", whole(0)}, {"max_frames", whole(24)}}}};
  for (const auto& row : rows) {
    const std::string name = row.name;
    Tensors inputs = lm_inputs(name);
    inputs.insert(row.more.begin(), row.more.end());
    const Tensors got = run("vallex", "greedy", lm(), inputs, true);
    expect_equal(name, got.at("ar_tokens"), lm_want(name, "ar_tokens"));
    expect_close(name, got.at("ar_margins"), lm_want(name, "ar_margins"), 2 * kLogits);
    expect_equal(name, got.at("codes"), lm_want(name, "codes"));
    expect_close(name, got.at("nar_margins"), lm_want(name, "nar_margins"), 2 * kLogits);
    expect_close(name, got.at("nar_input_stage0"), lm_want(name, "nar_input_stage0"), kLogits);
    for (const char* block : {"nar_stage0_layer0", "nar_stage0_layer1", "nar_stage0_layer2",
                              "nar_stage0_norm", "nar_stage6_norm"})
      expect_close(name + block, got.at(block).slice(0, 0, INT64_MAX, 4), lm_want(name, block),
                   kLogits);
    inputs.erase("max_frames");
    inputs["ar_tokens"] = got.at("codes").select(1, 0).contiguous();
    const Tensors again = run("vallex", "nar", lm(), inputs);
    expect_equal(name, again.at("codes"), lm_want(name, "codes"));
    expect_close(name, again.at("nar_margins"), lm_want(name, "nar_margins"), 2 * kLogits);
    expect_close(name, again.at("nar_logits_first"),
                 lm_want(name, "nar_logits_first3").select(1, 0), kLogits);
    EXPECT_EQ(again.at("nar_logits_last").sizes(), at::IntArrayRef({7, 1024}));
  }
}

TEST(VallexEntries, NoFrames) {
  Tensors inputs = lm_inputs("greedy_cap");
  inputs["ar_tokens"] = at::zeros({0}, at::kLong);
  const Tensors got = run("vallex", "nar", lm(), inputs);
  EXPECT_EQ(got.at("codes").sizes(), at::IntArrayRef({0, 8}));
  EXPECT_EQ(got.at("nar_margins").sizes(), at::IntArrayRef({7, 0}));
}

TEST(VallexEntries, SampleFilter) {
  const auto table =
      nlohmann::json::parse(std::ifstream(test::data(kFolder + "lm/cases.json")))["sampling"];
  for (size_t i = 0; i < table.size(); ++i) {
    const at::Tensor got = run("vallex", "sample_filter", nullptr,
                               {{"logits", golden("lm").at("input:sampling_logits")},
                                {"temperature", number(table[i]["temperature"])},
                                {"top_k", whole(table[i]["top_k"])},
                                {"top_p", number(table[i]["top_p"])}})
                               .at("probabilities");
    const at::Tensor want = golden("lm").at(fmt::format("out:sampling:{}:probs", i));
    // Which of tied entries stay under top_p depends on the sort: row 2 sorted, as its README says.
    expect_close("rows 0, 1", got.slice(0, 0, 2), want.slice(0, 0, 2), 1e-6);
    expect_close("row 2", std::get<0>(got[2].sort()), std::get<0>(want[2].sort()), 1e-6);
    EXPECT_TRUE(got.gt(0).sum(1).equal(want.gt(0).sum(1))) << "entry " << i;
  }
}

/// Codes must agree where this and all earlier books of the frame are decided by more than the
/// arithmetic error.
void expect_codes(const std::string& name, const Tensors& got, const at::Tensor& want) {
  const at::Tensor decided = got.at("margins").gt(kDecided).to(at::kInt).cumprod(0).to(at::kBool);
  EXPECT_TRUE(got.at("codes")[0].eq(want).logical_or(decided.logical_not()).all().item<bool>())
      << name;
}

TEST(CodecEntries, Encode) {
  const auto& g = golden("encodec");
  Tensors got = run("codec", "encode", codec(), {{"wave", g.at("input:wav3s")}});
  expect_close("wav3s", got.at("encoder"), g.at("out:wav3s.encoder"), 0, kRel);
  expect_codes("wav3s", got, g.at("out:wav3s.codes")[0]);
  got =
      run("codec", "encode", codec(), {{"wave", g.at("input:wav3s")}, {"n_codebooks", whole(32)}});
  EXPECT_EQ(got.at("codes").sizes(), at::IntArrayRef({1, 32, 225}));
  for (const int64_t n : {1, 7, 319, 320, 321, 640, 961}) {
    const std::string name = fmt::format("len{}", n);
    got = run("codec", "encode", codec(),
              {{"wave", weights::fill_tensor("input:wav_" + name, {n}, 21, 0.3)}});
    expect_close(name, got.at("encoder"), g.at("out:" + name + ".encoder"), 0, kRel);
    expect_codes(name, got, g.at("out:" + name + ".codes")[0]);
  }
  got = run("codec", "encode", codec(),
            {{"wave", weights::fill_tensor("input:wav_short", {1, 1, 6123}, 21, 0.3)}}, true);
  for (const int i : {0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15})
    expect_close(fmt::format("encoder.{}", i),
                 got.at(fmt::format("encoder.{}", i)).slice(2, 0, INT64_MAX, i <= 4 ? 8 : 1),
                 g.at(fmt::format("out:short.encoder.{}", i)), 0, kRel);
}

TEST(CodecEntries, Decode) {
  const auto& g = golden("encodec");
  const at::Tensor codes = preset("librispeech_2")[0].slice(0, 0, 30).t();
  const Tensors got = run("codec", "decode", codec(), {{"codes", codes}}, true);
  expect_close("wave", got.at("wave"), g.at("out:preset.decoder.15"), 0, kRel);
  expect_close("quantized", got.at("quantized"), g.at("out:preset.quantized"), 0, kRel);
  for (const int i : {0, 1, 3, 4, 6, 7, 9, 10, 12, 13})
    expect_close(fmt::format("decoder.{}", i),
                 got.at(fmt::format("decoder.{}", i)).slice(2, 0, INT64_MAX, i >= 7 ? 8 : 1),
                 g.at(fmt::format("out:preset.decoder.{}", i)), 0, kRel);
}

TEST(VocosEntries, Decode) {
  const auto& g = golden("vocos");
  const at::Tensor codes = preset("librispeech_2").slice(1, 0, 60).transpose(1, 2);  // [1,8,60]
  const struct {
    const char* name;
    at::Tensor codes;
    int64_t id, stride;
  } rows[] = {{"bw2.wav", codes, 2, 1},
              {"bw2.wav", codes.transpose(0, 1), 2, 1},  // [8,1,60]
              {"bw0.wav", codes[0], 0, 3},
              {"bw1.wav", codes, 1, 3},
              {"bw3.wav", codes, 3, 3},
              {"bw2.1frame.wav", codes.slice(2, 0, 1), 2, 1},
              {"bw2.1frame.wav", codes.slice(2, 0, 1).transpose(0, 1), 2, 1},
              {"bw2.5frames.wav", codes.slice(2, 0, 5), 2, 1},
              {"bw1.4books20frames.wav", codes.slice(1, 0, 4).slice(2, 0, 20), 1, 1}};
  for (const auto& row : rows) {
    const Tensors got =
        run("vocos", "decode", vocos(), {{"codes", row.codes}, {"bandwidth_id", whole(row.id)}});
    expect_close(row.name, got.at("wav"), g.at(std::string("out:") + row.name), 0, kRel,
                 row.stride);
  }
  const Tensors all =
      run("vocos", "decode", vocos(), {{"codes", codes}, {"bandwidth_id", whole(2)}}, true);
  for (const char* block : {"features", "embed", "norm", "convnext0", "convnext1", "convnext2",
                            "backbone", "head_linear"})
    expect_close(block, all.at(block), g.at(std::string("out:bw2.") + block), 0, kRel);
}

TEST(VallexEntries, PublicContainers) {
  const auto& g = golden("checkpoints");
  const auto open = [](const char* role, const char* file, nlohmann::json config = {}) {
    auto c = weights::read_checkpoint(test::data(kFolder + "checkpoints/" + file).string());
    if (!config.is_null()) c.config = config;
    return models::build(models::read_model(role, c), c.file);
  };
  const struct {
    const char *name, *file;
    bool stored_heads;
  } rows[] = {{"tiny_vallex", "tiny_vallex.pt", true},
              {"tiny_vallex_legacy", "tiny_vallex_legacy.pt", false},
              {"tiny_vallex_fp16", "tiny_vallex_fp16.pt", false}};
  for (const auto& row : rows) {
    const Model model = open("vallex", row.file);
    Tensors in = {{"text_tokens", g.at("input:text_tokens")},
                  {"language_ids", at::tensor({0, 0, 0, 1, 1, 1}, at::kLong)},
                  {"prompt_codes", g.at("input:prompt_codes")}};
    if (!row.stored_heads) in["heads"] = whole(2);
    in["forced"] = g.at("input:forced");
    const std::string out = std::string("out:") + row.name + ":";
    expect_close(row.name, run("vallex", "ar_logits", model.get(), in).at("ar_logits"),
                 g.at(out + "ar_logits"), kLogits);
    in["ar_tokens"] = in["forced"];
    in.erase("forced");
    const Tensors nar = run("vallex", "nar", model.get(), in);
    expect_equal(row.name, nar.at("codes"), g.at(out + "codes"));
    expect_close(row.name, nar.at("nar_logits_first"), g.at(out + "nar_logits_frame0"), kLogits);
  }
  const Model codec = open("codec", "tiny_encodec_24khz.th");
  const Tensors coded = run("codec", "encode", codec.get(),
                            {{"wave", weights::fill_tensor("input:tiny_wav", {3333}, 54, 0.3)}});
  expect_close("encoder", coded.at("encoder"), g.at("out:tiny_encodec:encoder"), 0, kRel);
  expect_codes("codes", coded, g.at("out:tiny_encodec:codes"));
  const at::Tensor codes = g.at("out:tiny_encodec:codes");
  expect_close("wave", run("codec", "decode", codec.get(), {{"codes", codes}}).at("wave"),
               g.at("out:tiny_encodec:wav"), 0, kRel);
  std::ifstream yaml(test::data(kFolder + "checkpoints/tiny_vocos.config.yaml"));
  const std::string text((std::istreambuf_iterator<char>(yaml)), {});
  const Model vocos = open("vocos", "tiny_vocos.bin", models::vocos::parse_simple_yaml(text));
  expect_close(
      "vocos",
      run("vocos", "decode", vocos.get(), {{"codes", codes}, {"bandwidth_id", whole(2)}}).at("wav"),
      g.at("out:tiny_vocos:wav"), 0, kRel);
}

TEST(VallexEntries, BadInputsAreErrorsThatNameThem) {
  const at::Tensor codes = at::zeros({1, 8, 3}, at::kLong), id = whole(2);
  Tensors lengths = lm_inputs("tf_prompt"), width = lengths, unknown = lengths;
  lengths["language_ids"] = at::zeros({3}, at::kLong);
  width["prompt_codes"] = at::zeros({4, 7}, at::kLong);
  unknown["forcd"] = whole(1);
  const struct {
    const char *role, *entry;
    const torch::nn::Module* model;
    Tensors inputs;
    const char* named;
  } rows[] = {
      {"vallex", "ar_logits", lm(), lengths, "language_ids"},
      {"vallex", "ar_logits", lm(), width, "prompt_codes"},
      {"vallex", "ar_logits", lm(), unknown, "forcd"},
      {"vallex", "ar_logits", codec(), lm_inputs("tf_prompt"), "vallex"},
      {"vallex", "nar", lm(), lm_inputs("greedy_cap"), "ar_tokens"},
      {"codec", "encode", codec(), {{"wave", at::zeros({0})}}, "sample"},
      {"codec", "encode", codec(), {{"wave", at::full({9}, NAN)}}, "NaN"},
      {"codec", "encode", codec(), {{"wave", at::zeros({2, 1, 9})}}, "wave"},
      {"codec", "encode", codec(), {{"wave", at::zeros({9})}, {"n_codebooks", whole(33)}}, "33"},
      {"codec", "encode", codec(), {{"wave", at::zeros({9})}, {"n_codebooks", whole(0)}}, "0"},
      {"codec", "decode", codec(), {{"codes", at::zeros({1, 33, 3}, at::kLong)}}, "codes"},
      {"codec", "decode", codec(), {{"codes", at::full({1, 8, 3}, -1, at::kLong)}}, "codes"},
      {"codec", "decode", codec(), {{"codes", at::zeros({1, 8, 3})}}, "codes"},
      {"vocos", "decode", vocos(), {{"codes", codes}}, "bandwidth_id"},
      {"vocos", "decode", vocos(), {{"codes", codes}, {"bandwidth_id", whole(4)}}, "bandwidth"},
      {"vocos", "decode", vocos(), {{"codes", codes + 1024}, {"bandwidth_id", id}}, "codes"},
      {"vocos",
       "decode",
       vocos(),
       {{"codes", at::zeros({2, 8, 3}, at::kLong)}, {"bandwidth_id", id}},
       "codes"},
      {"vocos",
       "decode",
       vocos(),
       {{"codes", at::zeros({1, 8, 0}, at::kLong)}, {"bandwidth_id", id}},
       "codes"},
  };
  for (const auto& row : rows) {
    try {
      run(row.role, row.entry, row.model, row.inputs);
      ADD_FAILURE() << row.role << " " << row.entry << " took a bad " << row.named;
    } catch (const Error& e) {
      EXPECT_NE(e.message().find(row.named), std::string::npos) << e.message();
    }
  }
}

}  // namespace
}  // namespace vl::entries
