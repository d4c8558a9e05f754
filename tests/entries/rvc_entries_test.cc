#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_parity.h"
#include "vl/core/error.h"
#include "vl/entries/entry.h"

namespace vl {
namespace {

using entries::Call;
using entries::Entry;
using entries::Tensors;

const Entry& entry(const std::string& role, const std::string& name) {
  static const std::vector<Entry> all = entries::rvc_entries();
  for (const Entry& e : all)
    if (e.role == role && e.name == name) return e;
  throw std::runtime_error(role + " " + name);
}

Tensors run(const std::string& role, const std::string& name, const std::string& part,
            Tensors inputs, bool all = false) {
  static std::map<std::string, std::shared_ptr<torch::nn::Module>> cache;
  auto& model = cache[part];
  if (!model) model = models::build(models::find_class(role).import(test::rvc_part(part)), part);
  Call call;
  call.model = model.get();
  call.inputs = std::move(inputs);
  call.outputs_all = all;
  return entries::run_entry(entry(role, name), call);
}

std::vector<std::string> names(const Tensors& t) {
  std::vector<std::string> out;
  for (const auto& item : t) out.push_back(item.first);
  return out;
}

TEST(ContentEntry, Features) {
  const at::Tensor wave = test::parity_speech(48000, 64000);
  const Tensors out = run("content", "features", "hubert", {{"wave", wave[0]}});
  EXPECT_EQ(names(out), (std::vector<std::string>{"layer12", "layer9", "layer9_proj"}));
  test::expect_rvc("hubert.layer12", out.at("layer12"), 1.8e-5);
  test::expect_rvc("hubert.layer9", out.at("layer9"), 1e-5);
  test::expect_rvc("hubert.v1", out.at("layer9_proj"), 9.3e-6);
  const Tensors all = run("content", "features", "hubert", {{"wave", wave}}, true);
  for (const char* name : {"conv0", "conv", "proj", "pos_ln", "layer1", "layer9", "layer12", "v1"})
    test::expect_rvc(std::string("hubert.") + name, all.at(name), 1.8e-5);
}

TEST(F0Entry, MelSalienceAndF0) {
  const at::Tensor wave = test::parity_speech(48000, 64000);
  const Tensors mel = run("f0", "mel", "rmvpe", {{"wave", wave}});
  test::expect_rvc("rmvpe.mel", mel.at("mel"), 7e-6);
  const Tensors salience = run("f0", "salience", "rmvpe", {{"mel", mel.at("mel")}});
  test::expect_rvc("rmvpe.salience", salience.at("salience"), 5e-6);
  const Tensors f0 = run("f0", "f0", "rmvpe", {{"wave", wave}}, true);
  test::expect_rvc("rmvpe.f0", f0.at("f0"), 1e-6);
  test::expect_rvc("rmvpe.encoder.bn", f0.at("encoder.bn"), 9e-6);
  const Tensors high =
      run("f0", "f0", "rmvpe", {{"wave", wave}, {"threshold", at::tensor({0.9f})}});
  EXPECT_EQ(high.at("f0").count_nonzero().item<int64_t>(), 0);
}

TEST(RvcEntry, Infer) {
  const std::string tag = "v2_40k_f0.T40";
  Tensors in = {{"phone", test::rvc_input("phone." + tag)},
                {"pitch", test::rvc_input("pitch." + tag)},
                {"pitchf", test::rvc_input("pitchf." + tag)},
                {"sid", at::tensor({1}, at::kLong)},
                {"noise_z", test::rvc_input("noise_z." + tag + ".0")},
                {"noise_sine", test::rvc_input("noise_sine." + tag + ".0")}};
  const Tensors out = run("rvc", "infer", "v2_40k_f0", in);
  EXPECT_EQ(names(out), std::vector<std::string>{"wav"});
  test::expect_rvc(tag + ".wav", out.at("wav"), 1e-5);
  const Tensors all = run("rvc", "infer", "v2_40k_f0", in, true);
  for (const char* name : {"encoder", "m", "logs", "z_p", "z", "har", "conv_pre", "ups0", "stage0",
                           "ups3", "stage3", "wav"})
    test::expect_rvc(tag + "." + name, all.at(name), 1.2e-5);
  in["skip_head"] = at::tensor({1.5f});
  EXPECT_THROW(run("rvc", "infer", "v2_40k_f0", in), Error);
  in["skip_head"] = at::tensor({10}, at::kLong);
  in.erase("noise_sine");
  in.erase("noise_z");
  EXPECT_EQ(run("rvc", "infer", "v2_40k_f0", in).at("wav").numel(), 30 * 400);
}

TEST(RvcEntries, BadInputsAreErrors) {
  const at::Tensor nan = at::full({1, 4000}, NAN), none = at::zeros({1, 0});
  const struct {
    const char *role, *entry, *part;
    Tensors inputs;
  } rows[] = {
      {"content", "features", "hubert", {{"wave", nan}}},
      {"content", "features", "hubert", {{"wave", none}}},
      {"content", "features", "hubert", {{"wave", at::zeros({1, 300})}}},
      {"content", "features", "hubert", {{"wave", at::zeros({2, 4000})}}},
      {"content", "features", "hubert", {}},
      {"content", "features", "hubert", {{"wav", at::zeros({1, 4000})}}},
      {"f0", "mel", "rmvpe", {{"wave", none}}},
      {"f0", "mel", "rmvpe", {{"wave", at::zeros({1, 512})}}},
      {"f0", "f0", "rmvpe", {{"wave", nan}}},
      {"f0", "salience", "rmvpe", {{"mel", at::zeros({1, 80, 4})}}},
      {"f0", "salience", "rmvpe", {{"mel", at::zeros({1, 128, 0})}}},
      {"rvc", "infer", "v2_40k_f0", {{"sid", at::tensor({0}, at::kLong)}}},
      {"rvc", "infer", "v2_40k_f0", {{"phone", at::zeros({1, 8, 64})}}},
      {"rvc",
       "infer",
       "v2_40k_f0",
       {{"phone", at::zeros({1, 8, 64})}, {"sid", at::tensor({0}, at::kLong)}}},
      {"rvc", "infer", "v2_40k_f0", {{"phone", at::zeros({1, 8, 64})}, {"sid", at::tensor({0.f})}}},
  };
  for (const auto& row : rows)
    EXPECT_THROW(run(row.role, row.entry, row.part, row.inputs), Error)
        << row.role << " " << row.entry;
}

std::shared_ptr<torch::nn::Module> loaded(const std::string& role, const std::string& part) {
  return models::build(models::find_class(role).import(test::rvc_part(part)), part);
}

std::shared_ptr<torch::nn::Module> index_file(const std::string& name) {
  const std::string path = test::data("parity/rvc/" + name).string();
  return models::build(models::read_model("rvc-index", weights::read_checkpoint(path)), path);
}

TEST(RvcEntry, Retrieve) {
  const auto& g = test::golden("parity/rvc/golden.safetensors");
  Call call;
  call.parts["rvc-index"] = index_file("index_v2.index");
  call.inputs["features"] = g.at("out:retrieval.v2.query");
  const Tensors out = entries::run_entry(entry("rvc", "retrieve"), call);
  test::expect_equal("ix", out.at("ix"), g.at("out:retrieval.v2.ix"));
  test::expect_rvc("retrieval.v2.score", out.at("score"), 1e-6);
  test::expect_rvc("retrieval.v2.npy", out.at("blended"), 1e-6);
  call.inputs["rate"] = at::full({1}, 2.0);
  EXPECT_THROW(entries::run_entry(entry("rvc", "retrieve"), call), Error);
  call.parts.clear();
  EXPECT_THROW(entries::run_entry(entry("rvc", "retrieve"), call), Error);
}

/// The whole pipeline with three chunks, retrieval, protection and the loudness mix.
TEST(RvcEntry, Convert) {
  const std::string name = "e2e.v2_40k_f0";
  const auto& g = test::golden("parity/rvc/golden.safetensors");
  Call call;
  const auto voice = loaded("rvc", "v2_40k_f0");
  call.model = voice.get();
  call.parts = {{"content", loaded("content", "hubert")},
                {"f0", loaded("f0", "rmvpe")},
                {"rvc-index", index_file("index_v2.index")}};
  call.rvc.pitch = "3";
  call.rvc.exact_length = false;
  call.outputs_all = true;
  call.inputs = {{"wave", test::parity_speech(48000, 128000)},
                 {"sid", at::full({1}, 1, at::kLong)},
                 {"constants", at::tensor({1.F, 1.F, 2.F, 3.F})}};
  for (int c = 0; c < 3; ++c)
    for (const char* kind : {"noise_z", "noise_sine"})
      call.inputs[fmt::format("{}.{}", kind, c)] =
          test::rvc_input(fmt::format("{}.{}.{}", kind, name, c));
  const Tensors out = entries::run_entry(entry("rvc", "convert"), call);
  test::expect_equal("coarse", out.at("coarse"), g.at("out:" + name + ".coarse"));
  test::expect_rvc(name + ".f0", out.at("f0"), 3e-6);
  test::expect_rvc(name + ".float", out.at("float"), 2e-3);
  test::expect_rvc(name + ".before_rms", out.at("float"), 2e-3);
  test::expect_rvc(name + ".after_rms", out.at("after_rms"), 2e-3);
  test::expect_rvc(name + ".filtered", out.at("filtered"), 1e-7);
  test::expect_rvc(name + ".int16", out.at("int16").to(at::kFloat), 2e-3);
  test::expect_equal("chunk_out", out.at("chunk_out"), g.at("out:" + name + ".chunk_out"));
  call.inputs.erase("noise_sine.2");
  EXPECT_THROW(entries::run_entry(entry("rvc", "convert"), call), Error);
  call.parts.erase("content");
  EXPECT_THROW(entries::run_entry(entry("rvc", "convert"), call), Error);
}

}  // namespace
}  // namespace vl
