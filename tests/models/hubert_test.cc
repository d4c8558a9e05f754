#include "vl/models/hubert/hubert.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_parity.h"
#include "vl/core/error.h"

namespace vl {
namespace {

using models::hubert::Hubert;
using models::hubert::hubert_class;
using models::hubert::HubertConfig;

struct Row {
  const char* clip;    // prefix of the goldens
  int64_t samples;     // from 48000 on
  const char* golden;  // name after the prefix
  double rel;
};

// About twice to three times the error of the reference's own float32 (README of the parity set).
const Row kRows[] = {
    {"hubert.", 16000, "conv0", 6e-7},        {"hubert.", 16000, "conv", 1.5e-6},
    {"hubert.", 16000, "proj", 2.5e-6},       {"hubert.", 16000, "pos_ln", 2.7e-6},
    {"hubert.", 16000, "layer1", 2.3e-6},     {"hubert.", 16000, "layer9", 1e-5},
    {"hubert.", 16000, "layer12", 1.8e-5},    {"hubert.", 16000, "v1", 9.3e-6},
    {"hubert.short.", 560, "layer12", 3e-6},  {"hubert.short.", 560, "v1", 2.7e-6},
    {"hubert.odd.", 8319, "layer12", 1.9e-5}, {"hubert.odd.", 8319, "v1", 1.2e-5},
};

class HubertGolden : public testing::TestWithParam<nn::Path> {};

TEST_P(HubertGolden, EveryBlock) {
  const auto hubert = test::rvc_model<Hubert>("content", "hubert", GetParam());
  std::map<int64_t, models::Taps> done;
  for (const Row& row : kRows) {
    models::Taps& taps = done[row.samples];
    if (taps.empty()) {
      const auto layers =
          hubert->layers(test::parity_speech(48000, 48000 + row.samples), 12, &taps);
      taps["v1"] = hubert->project(layers[8]);
    }
    test::expect_rvc(std::string(row.clip) + row.golden, taps.at(row.golden), row.rel);
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, HubertGolden,
                         testing::Values(nn::Path::kReference, nn::Path::kFused));

TEST(Hubert, PartsOfTheFrontEndJoin) {
  // 13.0 s: three parts on the fast path, the last one of 136 frames.
  const at::Tensor wave = test::parity_speech(16000, 16000 + 208079);
  const at::Tensor want =
      test::rvc_model<Hubert>("content", "hubert", nn::Path::kReference)->features(wave, 1);
  test::expect_close("layer 1", test::rvc_model<Hubert>("content", "hubert")->features(wave, 1),
                     want, 0, 4e-6);
}

TEST(Hubert, FrameCounts) {
  const auto hubert = test::rvc_model<Hubert>("content", "hubert");
  EXPECT_EQ(hubert->min_samples(), 400);
  const struct {
    int64_t samples, frames;
  } rows[] = {{400, 1}, {719, 1}, {720, 2}, {16000, 49}, {16079, 49}, {16080, 50}};
  for (const auto& row : rows)
    EXPECT_EQ(hubert->features(test::parity_speech(0, row.samples), 1).size(1), row.frames)
        << row.samples;
}

TEST(Hubert, BatchRowsAreIndependent) {
  const auto hubert = test::rvc_model<Hubert>("content", "hubert");
  const at::Tensor a = test::parity_speech(48000, 52000), b = test::parity_speech(60000, 64000);
  const at::Tensor both = hubert->features(at::cat({a, b}), 12);
  test::expect_close("row 0", both.slice(0, 0, 1), hubert->features(a, 12), 0, 1e-5);
  test::expect_close("row 1", both.slice(0, 1, 2), hubert->features(b, 12), 0, 1e-5);
}

TEST(Hubert, RefusesShortWavesAndUnknownLayers) {
  const auto hubert = test::rvc_model<Hubert>("content", "hubert");
  EXPECT_THROW(hubert->features(at::zeros({1, 399}), 1), Error);
  EXPECT_THROW(hubert->features(at::zeros({1, 0}), 1), Error);
  EXPECT_THROW(hubert->features(at::zeros({1, 800}), 13), Error);
  EXPECT_THROW(hubert->features(at::zeros({1, 800}), 0), Error);
}

/// A checkpoint with these tensors and a change of each key.
weights::Checkpoint renamed(const weights::Checkpoint& in,
                            const std::function<std::string(std::string)>& rename) {
  weights::Checkpoint out = in;
  auto dict = std::make_shared<weights::Dict>();
  for (const auto& [key, value] : *in.root.dict()) {
    const std::string name = rename(*key.text());
    if (!name.empty()) dict->emplace_back(weights::Value{name}, value);
  }
  out.root = weights::Value{dict};
  return out;
}

std::string replaced(std::string s, const std::string& from, const std::string& to) {
  const size_t at = s.find(from);
  return at == std::string::npos ? s : s.replace(at, from.size(), to);
}

std::string transformers_name(std::string k) {
  const std::pair<const char*, const char*> table[] = {
      {"post_extract_proj.", "feature_projection.projection."},
      {"encoder.pos_conv.0.weight_g",
       "encoder.pos_conv_embed.conv.parametrizations.weight.original0"},
      {"encoder.pos_conv.0.weight_v",
       "encoder.pos_conv_embed.conv.parametrizations.weight.original1"},
      {"encoder.pos_conv.0.", "encoder.pos_conv_embed.conv."},
      {".self_attn_layer_norm.", ".layer_norm."},
      {".self_attn.", ".attention."},
      {".fc1.", ".feed_forward.intermediate_dense."},
      {".fc2.", ".feed_forward.output_dense."},
      {".0.weight", ".conv.weight"},
      {"conv_layers.0.2.", "conv_layers.0.layer_norm."},
  };
  if (k == "label_embs_concat") return "";
  if (k == "mask_emb") return "hubert.masked_spec_embed";
  if (k.rfind("layer_norm.", 0) == 0) k = "feature_projection." + k;
  for (const auto& [from, to] : table) k = replaced(k, from, to);
  return k.rfind("final_proj", 0) == 0 ? k : "hubert." + k;
}

TEST(HubertImport, TransformersNamesGiveTheSameTensors) {
  const weights::Checkpoint fairseq = test::rvc_part("hubert");
  weights::Checkpoint hf = renamed(fairseq, transformers_name);
  hf.config = nlohmann::json{{"num_attention_heads", 4}, {"do_stable_layer_norm", false}};
  ASSERT_TRUE(hubert_class().recognise(hf));
  const models::ModelFile a = hubert_class().import(fairseq), b = hubert_class().import(hf);
  EXPECT_EQ(a.config, b.config);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [key, value] : a.tensors) EXPECT_TRUE(value.equal(b.tensors.at(key))) << key;
}

TEST(HubertImport, PublicContainerEqualsTheFill) {
  const models::ModelFile a = hubert_class().import(test::rvc_part("hubert"));
  const models::ModelFile b = hubert_class().import(
      weights::read_checkpoint(test::data("parity/rvc/hubert_base.pt").string()));
  EXPECT_EQ(a.config, b.config);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [key, value] : a.tensors) EXPECT_TRUE(value.equal(b.tensors.at(key))) << key;
}

TEST(HubertImport, ConfigFromShapesAndHeads) {
  const auto heads = [](const weights::Checkpoint& c) {
    return hubert_class().import(c).config["heads"].get<int64_t>();
  };
  weights::Checkpoint c = test::rvc_part("hubert");
  EXPECT_EQ(heads(c), 4);
  c.config.reset();
  EXPECT_EQ(heads(c), 1);  // width 64, heads of 64
  c.config = nlohmann::json{{"num_attention_heads", 8}};
  EXPECT_EQ(heads(c), 8);
  c.config = nlohmann::json{{"num_attention_heads", 7}};
  EXPECT_THROW(heads(c), Error);
  const nlohmann::json config = hubert_class().import(test::rvc_part("hubert")).config;
  EXPECT_EQ(config["layers"], 12);
  EXPECT_EQ(config["ffn"], 128);
  EXPECT_EQ(config["pos_groups"], 4);
  EXPECT_EQ(config["proj"], 256);
}

TEST(HubertImport, FewerLayersAndNoProjection) {
  const models::ModelFile file =
      hubert_class().import(renamed(test::rvc_part("hubert"), [](std::string k) {
        for (const char* gone :
             {"final_proj.", "encoder.layers.9.", "encoder.layers.10.", "encoder.layers.11."})
          if (k.rfind(gone, 0) == 0) return std::string();
        return k;
      }));
  const auto hubert = models::build_as<Hubert>(file, "nine layers");
  EXPECT_EQ(hubert->config().layers, 9);
  test::expect_rvc("hubert.layer9", hubert->features(test::parity_speech(48000, 64000), 9), 1e-5);
  EXPECT_THROW(hubert->project(at::zeros({1, 1, 64})), Error);
}

TEST(HubertImport, OtherFilesAreRefused) {
  const weights::Checkpoint hubert = test::rvc_part("hubert"), rmvpe = test::rvc_part("rmvpe");
  EXPECT_FALSE(hubert_class().recognise(rmvpe));
  EXPECT_FALSE(hubert_class().recognise(weights::Checkpoint{}));
  const auto code = [](const weights::Checkpoint& c) {
    try {
      hubert_class().import(c);
    } catch (const Error& e) {
      return e.code();
    }
    return Code::kInternal;
  };
  EXPECT_EQ(code(rmvpe), Code::kWrongModelKind);
  EXPECT_EQ(code(weights::Checkpoint{}), Code::kWrongModelKind);
  weights::Checkpoint large = hubert;
  large.config = nlohmann::json{{"num_attention_heads", 4}, {"do_stable_layer_norm", true}};
  EXPECT_EQ(code(large), Code::kUnsupportedVariant);
  const auto without = [&](const char* key) {
    return renamed(hubert, [=](std::string k) { return k == key ? std::string() : k; });
  };
  EXPECT_EQ(code(without("encoder.pos_conv.0.weight_v")), Code::kBadWeights);
  EXPECT_THROW(models::build(hubert_class().import(without("layer_norm.bias")), "x"), Error);
}

TEST(Hubert, FullSizeIsFinite) {
  const auto module = hubert_class().make(hubert_class().default_config());
  test::fill_module(*module, 1);
  const at::Tensor out =
      dynamic_cast<const Hubert&>(*module).features(test::parity_speech(48000, 64000), 12);
  EXPECT_EQ(out.sizes(), (std::vector<int64_t>{1, 49, 768}));
  EXPECT_TRUE(out.isfinite().all().item<bool>());
  EXPECT_GT(out.std().item<double>(), 1e-2);
}

}  // namespace
}  // namespace vl
