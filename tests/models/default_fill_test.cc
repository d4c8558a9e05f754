#include "vl/models/default_fill.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/core/error.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/rvc.h"
#include "vl/weights/fill.h"

namespace vl::models {
namespace {

using nlohmann::json;
using weights::fill_tensor;

TEST(DefaultFill, EveryArchBuildsFromIt) {
  // Small where the public size takes seconds to fill.
  const struct {
    const char* role;
    json config;
  } rows[] = {
      {"content", nullptr},
      {"f0", nullptr},
      {"rvc", nullptr},
      {"codec", nullptr},
      {"vocos", nullptr},
      {"fastpitch", nullptr},
      {"hifigan", nullptr},
      {"face", nullptr},
      {"wav2lip", nullptr},
      {"vallex", {{"dim", 64}, {"heads", 4}, {"ffn", 128}, {"ar_layers", 1}, {"nar_layers", 1}}},
  };
  for (const auto& r : rows) {
    const ModelFile file = default_fill(r.role, "", r.config, 1);
    EXPECT_NO_THROW(build(file, r.role)) << r.role;
    const json fields = find_class(r.role).default_config();
    for (const auto& field : fields.items())
      EXPECT_TRUE(file.config.contains(field.key())) << r.role << " " << field.key();
  }
}

TEST(DefaultFill, ValuesFollowKeyAndShape) {
  const json small = {{"dim", 64}, {"heads", 4}, {"ffn", 128}, {"ar_layers", 1}, {"nar_layers", 1}};
  const struct {
    const char* role;
    json config;
    const char* key;
    double scale, offset;
  } rows[] = {
      {"content", nullptr, "encoder.layers.3.fc1.weight", std::sqrt(3.0 / 768), 0},
      {"content", nullptr, "encoder.layers.3.fc1.bias", 0.05, 0},
      {"content", nullptr, "layer_norm.weight", 0.1, 1},
      {"rvc", nullptr, "emb_g.weight", 1, 0},
      // Transposed: [in, out, kernel] with in 512 and kernel 24.
      {"rvc", nullptr, "dec.ups.0.weight", std::sqrt(3.0 / (512 * 24)), 0},
      {"f0", nullptr, "unet.encoder.bn.running_mean", 0.05, 0},
      {"f0", nullptr, "unet.encoder.bn.running_var", 0.1, 1},
      {"fastpitch", nullptr, "pitch_mean", 0, 214.72203},
      {"vallex", small, "nar_predict_layers.6.weight", std::sqrt(3.0 / 64), 0},
      {"vallex", small, "nar_audio_embeddings.1.word_embeddings.weight", 1, 0},
  };
  for (const auto& r : rows) {
    const ModelFile file = default_fill(r.role, "", r.config, 5);
    const at::Tensor got = file.tensors.at(r.key);
    EXPECT_TRUE(got.equal(fill_tensor(r.key, got.sizes(), 5, r.scale, r.offset)))
        << r.role << " " << r.key;
  }
}

TEST(DefaultFill, FormulasAndTiesKeepTheirValues) {
  const at::Tensor window = default_fill("vocos", "", nullptr, 1).tensors.at("head.istft.window");
  EXPECT_TRUE(window.allclose(at::hann_window(window.size(0)), 0, 1e-6));
  EXPECT_EQ(default_fill("f0", "", nullptr, 1)
                .tensors.at("unet.encoder.bn.num_batches_tracked")
                .item<int64_t>(),
            0);
  const ModelFile lm = default_fill(
      "vallex", "", {{"dim", 64}, {"heads", 4}, {"ffn", 128}, {"ar_layers", 1}, {"nar_layers", 1}},
      1);
  for (int64_t j = 0; j < 6; ++j)
    EXPECT_EQ(lm.tensors.at(fmt::format("nar_audio_embeddings.{}.word_embeddings.weight", j + 2))
                  .data_ptr(),
              lm.tensors.at(fmt::format("nar_predict_layers.{}.weight", j)).data_ptr());
}

TEST(DefaultFill, PublicSizesOfRvcStayFinite) {
  const auto file = [](const char* role) { return default_fill(role, "", nullptr, 1); };
  const at::Tensor wave = fill_tensor("input:wave", {1, 16000}, 1, 0.3);
  const auto hubert = build_as<hubert::Hubert>(file("content"), "content");
  const at::Tensor phone = hubert->features(wave, 12);
  EXPECT_TRUE(phone.isfinite().all().item<bool>());
  const auto rmvpe = build_as<rmvpe::Rmvpe>(file("f0"), "f0");
  const at::Tensor mel = fill_tensor("input:mel", {1, 128, 64}, 1, 4, -6);
  EXPECT_TRUE(rmvpe->salience(mel).isfinite().all().item<bool>());
  const auto voice = build_as<rvc::Rvc>(file("rvc"), "rvc");
  const int64_t frames = phone.size(1);
  const at::Tensor wav = voice->infer({.phone = phone,
                                       .pitch = at::full({1, frames}, 90, at::kLong),
                                       .pitchf = at::full({1, frames}, 150.0)});
  EXPECT_EQ(wav.size(2), frames * 480);
  EXPECT_TRUE(wav.isfinite().all().item<bool>());
}

TEST(DefaultFill, ChangedFieldsAreTaken) {
  const json config = {{"sample_rate", 40000},
                       {"upsample_rates", {10, 10, 2, 2}},
                       {"upsample_kernels", {16, 16, 4, 4}}};
  const ModelFile file = default_fill("rvc", "", config, 1);
  EXPECT_EQ(file.tensors.at("dec.ups.0.weight").size(2), 16);
  EXPECT_EQ(file.config["inter"], 192);
  EXPECT_EQ(full_config("rvc", "", config), file.config);
  EXPECT_THROW(default_fill("rvc", "", {{"colour", 1}}, 1), Error);
}

}  // namespace
}  // namespace vl::models
