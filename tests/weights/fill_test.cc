#include "vl/weights/fill.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/weights/checkpoint.h"

namespace vl::weights {
namespace {

std::string hash_of(const at::Tensor& t) {
  return sha256_hex({static_cast<const char*>(t.data_ptr()), t.nbytes()});
}

TEST(Fill, FirstValuesAreThoseOfTheRule) {
  // fill.py: tensor("input:probe", (4,), seed, scale, offset)
  const struct {
    uint64_t seed;
    double scale, offset;
    float want[4];
  } rows[] = {
      {0, 1.0, 0.0, {0.188333154F, 0.52418983F, 0.518223286F, -0.266254663F}},
      {7, 0.3, 0.1, {0.258307874F, -0.0676059499F, -0.0230081081F, -0.112030171F}},
      {20209, 128.0, 128.0, {190.751785F, 130.3255F, 27.1571503F, 98.7757416F}},
      {1099511627781, 0.017, -1.3, {-1.28946316F, -1.30370831F, -1.30790448F, -1.29188657F}},
  };
  for (const auto& row : rows) {
    const at::Tensor got = fill_tensor("input:probe", {4}, row.seed, row.scale, row.offset);
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_EQ(got.data_ptr<float>()[i], row.want[i]) << row.seed << " element " << i;
  }
}

TEST(Fill, MillionElementsHaveBothRoundings) {
  // SHA-256 of the little-endian floats that fill.py gives; the second one after astype(float16).
  const FillParam p{.key = "w", .shape = {1 << 20}, .scale = 0.3, .offset = 0.1};
  EXPECT_EQ(hash_of(fill_state_dict({p}, 5).at("w")),
            "0740c2baecaa6a935ab7fdeff726855fc1ba16ea009e5e4c166125d38fa09488");
  EXPECT_EQ(hash_of(fill_state_dict({p}, 5, /*half=*/true).at("w")),
            "35ac6f8d68798ef9d69df48a6465529be531fe0124d5a2ee2bdd3705d4e9a488");
}

TEST(Fill, TiedKeysShareStorageEvenBeforeTheirPartner) {
  const StateDict got =
      fill_state_dict({{.key = "tied", .shape = {2, 3}, .tied_to = "base"},
                       {.key = "base", .shape = {2, 3}},
                       {.key = "alone", .shape = {6}, .tied_to = "base"},
                       {.key = "absent", .shape = {4}, .tied_to = "nowhere"},
                       {.key = "steps", .shape = {}, .dtype = "int64", .offset = 1000},
                       {.key = "window", .shape = {4}, .special = "hann_periodic"}},
                      9);
  EXPECT_EQ(got.items().front().first, "tied");
  EXPECT_EQ(got.at("tied").data_ptr(), got.at("base").data_ptr());
  EXPECT_TRUE(got.at("alone").equal(got.at("base").reshape({6})));
  EXPECT_TRUE(got.at("absent").equal(fill_tensor("nowhere", {4}, 9)));
  EXPECT_EQ(got.at("steps").item<int64_t>(), 1000);
  EXPECT_TRUE(got.at("window").equal(at::tensor({0.0F, 0.5F, 1.0F, 0.5F})));
}

TEST(Fill, BadListsAreErrorsThatNameTheEntry) {
  const struct {
    const char* text;
    Code code;
    const char* says;
  } rows[] = {
      {"{}", Code::kNotACheckpoint, "no parameter list"},
      {"[", Code::kNotACheckpoint, "no parameter list"},
      {"[{}]", Code::kBadWeights, "entry 0"},
      {R"([{"key":"a","shape":[2]},{"key":"b","shape":"x"}])", Code::kBadWeights, "entry 1"},
      {R"([{"key":"a","shape":[-1]}])", Code::kBadWeights, "shape"},
      {R"([{"key":"a","shape":[4294967296,4294967296]}])", Code::kBadWeights, "shape"},
      {R"([{"key":"a","shape":[0,4294967296,4294967296]}])", Code::kBadWeights, "shape"},
      {R"([{"key":"a","shape":[8589934592]}])", Code::kBadWeights, "shape"},
      {R"([{"key":"a","shape":[1],"dtype":"int7"}])", Code::kBadWeights, "dtype"},
      {R"([{"key":"a","shape":[1],"special":"x"}])", Code::kBadWeights, "special"},
      {R"([{"key":"a","shape":[1],"dtype":"int64","offset":1e300}])", Code::kBadWeights, "number"},
  };
  const test::TempDir dir;
  const std::string path = (dir / "params.json").string();
  for (const auto& row : rows) {
    write_file_atomic(path, row.text);
    try {
      read_fill(path, 1, false);
      ADD_FAILURE() << row.text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), row.code) << row.text;
      EXPECT_NE(e.message().find(row.says), std::string::npos) << e.message();
    }
  }
  EXPECT_THROW(read_fill((dir / "none.json").string(), 1, false), Error);
}

TEST(Fill, DefaultScaleAndOffsetFollowFromKeyAndShape) {
  const struct {
    const char* key;
    std::vector<int64_t> shape;
    bool transposed;
    double scale, offset;
  } rows[] = {
      {"ar_text_embedding.word_embeddings.weight", {2048, 1024}, false, 1, 0},
      {"encoder.word_emb.weight", {148, 384}, false, 1, 0},
      {"speaker_emb.weight", {3, 384}, false, 1, 0},
      {"emb_g.weight", {109, 256}, false, 1, 0},
      {"quantizer.vq.layers.0._codebook.embed", {1024, 128}, false, 1, 0},
      {"quantizer.vq.layers.0._codebook.inited", {1}, false, 0, 1},
      {"quantizer.vq.layers.0._codebook.cluster_size", {1024}, false, 0, 20},
      {"pitch_mean", {1}, false, 0, 214.72203},
      {"pitch_std", {1}, false, 0, 65.72038},
      {"dec.ups.0.weight_v", {512, 256, 16}, true, 1, 0},
      {"dec.ups.0.weight_g", {512, 1, 1}, true, 0.1, 1},
      {"pos_conv.parametrizations.weight.original0", {1, 1, 128}, false, 0.1, 1},
      {"pos_conv.parametrizations.weight.original1", {768, 48, 128}, false, 1, 0},
      {"enc_p.encoder.norm_layers_1.0.gamma", {192}, false, 0.1, 1},
      {"enc_p.encoder.norm_layers_1.0.beta", {192}, false, 0.05, 0},
      {"bn.weight", {64}, false, 0.1, 1},
      {"bn.bias", {64}, false, 0.05, 0},
      {"bn.running_var", {64}, false, 0.1, 1},
      {"bn.running_mean", {64}, false, 0.05, 0},
      {"proj.weight", {80, 384}, false, std::sqrt(3.0 / 384), 0},
      {"conv.weight", {256, 128, 3}, false, std::sqrt(3.0 / 384), 0},
      {"up.weight", {512, 256, 4, 4}, true, std::sqrt(3.0 / 8192), 0},
      {"gru.weight_ih_l0", {768, 384}, false, std::sqrt(3.0 / 384), 0},
      {"ar_text_position.alpha", {1}, false, 0.05, 0},
  };
  for (const auto& row : rows) {
    const FillParam got = default_fill_param(row.key, row.shape, row.transposed);
    EXPECT_EQ(got.scale, row.scale) << row.key;
    EXPECT_EQ(got.offset, row.offset) << row.key;
  }
}

}  // namespace
}  // namespace vl::weights
