#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/entries/run.h"
#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "tests/support/torch_wav.h"
#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/models/registry.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/fill.h"

namespace vl::entries {
namespace {

using test::expect_close;

const std::string kFolder = "parity/fastpitch/";
// Twice the observed float32 error, parity/fastpitch/README.md.
constexpr double kBlock = 2 * 8e-6, kValue = 2 * 6e-6, kMel = 2 * 1.6e-5;

std::shared_ptr<torch::nn::Module> load(const char* role, const std::string& weights, uint64_t seed,
                                        const std::string& config) {
  weights::Checkpoint c = seed != 0 ? weights::read_fill(weights, seed, /*half=*/false)
                                    : weights::read_checkpoint(weights);
  std::ifstream file(config);
  c.config = nlohmann::json::parse(file);
  return models::build(models::find_class(role).import(c), weights);
}

std::string parity(const std::string& name) { return test::data(kFolder + name).string(); }

/// The golden's "input:CASE.NAME" as NAME.
Tensors stored_inputs(const std::string& golden, const std::string& prefix) {
  Tensors out;
  for (const auto& [key, value] : test::golden(kFolder + golden))
    if (key.rfind("input:" + prefix + ".", 0) == 0) out[key.substr(7 + prefix.size())] = value;
  return out;
}

double bar(const std::string& key) {
  if (key == "mel_lens") return 0;
  if (key == "mel") return kMel;
  return key == "dur" || key == "pitch" || key == "energy" ? kValue : kBlock;
}

at::Tensor scalar(double x) { return at::full({}, x); }
at::Tensor whole(int64_t x) { return at::full({1}, x, at::kLong); }

TEST(FastPitchEntries, Infer) {
  struct Row {
    const char *model, *name;
    Tensors more = {};
  };
  const Row rows[] = {
      {"fastpitch_a", "single"},
      {"fastpitch_a", "hole"},
      {"fastpitch_a", "batch", {{"reference_padding", whole(1)}}},
      {"fastpitch_a", "pace130", {{"pace", scalar(1.3)}}},
      {"fastpitch_a", "pitch_flatten", {{"pitch_flatten", whole(1)}}},
      {"fastpitch_a",
       "pitch_inv_amp15_shift_m20",
       {{"pitch_invert", whole(1)},
        {"pitch_amplify", scalar(1.5)},
        {"pitch_shift_hz", scalar(-20)}}},
      {"fastpitch_a", "pitch_custom_b1", {{"pitch_custom", whole(2)}}},
      {"fastpitch_a", "targets_dur_pitch"},
      {"fastpitch_a", "targets_all_jit", {{"half_even", whole(1)}}},
      {"fastpitch_a", "ties_pace2_jit", {{"half_even", whole(1)}, {"pace", scalar(2)}}},
      {"fastpitch_a", "maxdur6", {{"max_duration", scalar(6)}}},
      {"fastpitch_b", "single_spk1", {{"speaker", whole(1)}}},
      {"fastpitch_b", "batch_spk2", {{"speaker", whole(2)}, {"reference_padding", whole(1)}}},
  };
  std::map<std::string, std::shared_ptr<torch::nn::Module>> models;
  for (const Row& r : rows) {
    const std::string model = r.model, name = r.name, golden = model + ".golden.safetensors";
    if (!models[model])
      models[model] = load("fastpitch", parity(model + ".params.json"),
                           model == "fastpitch_a" ? 24 : 14, parity(model + ".config.json"));
    Tensors inputs = stored_inputs(golden, name);
    inputs.insert(r.more.begin(), r.more.end());
    const Tensors got = run("fastpitch", "infer", models[model].get(), inputs, true);
    size_t compared = 0;
    for (const auto& [key, want] : test::golden(kFolder + golden)) {
      if (key.rfind("out:" + name + ".", 0) != 0) continue;
      const std::string block = key.substr(5 + name.size());
      ASSERT_TRUE(got.count(block)) << key;
      expect_close(key, got.at(block), want, bar(block));
      ++compared;
    }
    EXPECT_GE(compared, 2U) << name;
  }
}

TEST(FastPitchEntries, Align) {
  for (const std::string name : {"mas_random", "mas_square", "mas_ties", "mas_two"}) {
    const std::string golden = "alignment.golden.safetensors";
    const Tensors got = run("fastpitch", "align", nullptr, stored_inputs(golden, name));
    for (const char* key : {"path", "dur"})
      test::expect_equal(name, got.at(key),
                         test::golden(kFolder + golden).at("out:" + name + "." + key));
  }
}

TEST(FastPitchEntries, MelFrontEnds) {
  struct Row {
    const char *role, *out, *golden;
    double fmax, tolerance;
  };
  const Row rows[] = {
      {"fastpitch", "mel", "mel_fastpitch", 0, 2 * 7e-5},
      {"fastpitch", "energy", "energy_fastpitch", 0, 2 * 7e-5},
      {"hifigan", "mel", "mel_hifigan", 0, 2 * 3.6e-4},
      {"hifigan", "mel", "mel_hifigan_fmax11025", 11025, 2 * 3.6e-4},
  };
  const at::Tensor wave = test::wav("assets/speech/LJ011-0202_ground-truth.wav");
  for (const Row& r : rows) {
    Tensors inputs = {{"wave", wave[0]}};
    if (r.fmax > 0) inputs["fmax"] = scalar(r.fmax);
    const at::Tensor got = run(r.role, "mel", nullptr, inputs).at(r.out);
    expect_close(r.golden, got,
                 test::golden(kFolder + "mel.golden.safetensors")
                     .at(std::string("out:LJ011-0202.") + r.golden),
                 r.tolerance);
  }
}

std::shared_ptr<torch::nn::Module> lj_v2() {
  static const auto model = load("hifigan", test::data("assets/hifigan/generator_v2").string(), 0,
                                 test::source("assets/hifigan/lj_v2/config.json").string());
  return model;
}

TEST(HifiganEntries, CopySynthesisOfRealSpeech) {
  std::ifstream file(parity("vocoder_lj_v2.json"));
  const auto facts = nlohmann::json::parse(file);
  for (const std::string name : {"LJ011-0202", "LJ042-0094"}) {
    const at::Tensor wave = test::wav("assets/speech/" + name + "_ground-truth.wav");
    const Tensors mel = run("hifigan", "mel", nullptr, {{"wave", wave}});
    const Tensors out = run("hifigan", "vocode", lj_v2().get(), mel);
    expect_close(
        name, out.at("audio"),
        test::golden(kFolder + "vocoder_lj_v2.golden.safetensors").at("out:" + name + ".audio"),
        2 * 2.3e-4);
    const Tensors again = run("hifigan", "mel", nullptr, {{"wave", out.at("audio")}});
    EXPECT_NEAR((again.at("mel") - mel.at("mel")).abs().mean().item<double>(),
                facts[name]["log_mel_l1"].get<double>(), 1e-3);
  }
}

TEST(HifiganEntries, VocodeBlocks) {
  struct Row {
    const char* name;
    uint64_t seed;
  };
  for (const Row& r : {Row{"hifigan_v3_small", 32}, Row{"hifigan_nv_small", 33}}) {
    const std::string name = r.name;
    const auto model =
        load("hifigan", parity(name + ".params.json"), r.seed, parity(name + ".config.json"));
    const at::Tensor mel = weights::fill_tensor("input:mel", {2, 80, 6}, r.seed, 4.0, -5.0);
    const Tensors got = run("hifigan", "vocode", model.get(), {{"mel", mel}}, true);
    for (const auto& [key, want] : test::golden(kFolder + name + ".golden.safetensors"))
      expect_close(name + " " + key, got.at(key.substr(4)).slice(0, 0, want.size(0)), want,
                   key == "out:audio" ? 2 * 4e-6 : 2 * 5e-6);
  }
}

TEST(HifiganEntries, Denoise) {
  const auto& golden = test::golden(kFolder + "vocoder_lj_v2.golden.safetensors");
  struct Row {
    const char* out;
    double strength, tolerance;
  };
  const Row rows[] = {{"denoiser.LJ011-0202.strength0.01", 0.01, 2 * 7e-7},
                      {"denoiser.LJ011-0202.strength0.1", 0.1, 2 * 7e-7}};
  for (const Row& r : rows) {
    const Tensors got =
        run("hifigan", "denoise", lj_v2().get(),
            {{"wave", golden.at("out:LJ011-0202.audio")}, {"strength", scalar(r.strength)}});
    const at::Tensor want = golden.at(std::string("out:") + r.out);
    expect_close(r.out, got.at("audio").slice(1, 0, want.numel()), want, r.tolerance);
    expect_close("bias_spec", got.at("bias_spec"), golden.at("out:denoiser.bias_spec"), 2 * 2.2e-4);
  }
}

TEST(FastPitchEntries, RefuseBadInputs) {
  const auto model =
      load("fastpitch", parity("fastpitch_a.params.json"), 24, parity("fastpitch_a.config.json"));
  const at::Tensor ids = at::tensor({3, 4, 5}), mel = at::zeros({1, 80, 4});
  const at::Tensor wave = at::zeros({1, 4096});
  struct Row {
    const char *role, *name;
    const torch::nn::Module* model;
    Tensors inputs;
    const char* named;  ///< in the message
  };
  const Row rows[] = {
      {"fastpitch", "infer", model.get(), {}, "ids"},
      {"fastpitch", "infer", model.get(), {{"ids", ids.to(at::kFloat)}}, "ids"},
      {"fastpitch", "infer", model.get(), {{"ids", ids}, {"pase", scalar(1)}}, "pase"},
      {"fastpitch", "infer", model.get(), {{"ids", ids}, {"pace", at::zeros({2})}}, "pace"},
      {"fastpitch", "infer", model.get(), {{"ids", ids}, {"pace", scalar(NAN)}}, "pace"},
      {"fastpitch",
       "infer",
       model.get(),
       {{"ids", ids}, {"dur_tgt", at::zeros({1, 4})}},
       "dur_tgt"},
      {"fastpitch",
       "infer",
       model.get(),
       {{"ids", ids}, {"pitch_custom", whole(3)}},
       "pitch_custom"},
      {"hifigan", "vocode", model.get(), {{"mel", mel}}, "hifigan"},
      {"hifigan", "vocode", lj_v2().get(), {{"mel", at::zeros({1, 79, 4})}}, "mel"},
      {"hifigan", "denoise", lj_v2().get(), {{"wave", wave}}, "strength"},
      {"hifigan", "mel", nullptr, {{"wave", wave}, {"fmax", scalar(0)}}, "mel"},
      {"fastpitch", "align", nullptr, {{"log_attn", at::zeros({2, 3})}}, "frames"},
  };
  for (const Row& r : rows) {
    try {
      run(r.role, r.name, r.model, r.inputs);
      ADD_FAILURE() << r.role << " " << r.name << " took a bad " << r.named;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(r.named), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace vl::entries
