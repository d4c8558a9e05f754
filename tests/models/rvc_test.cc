#include "vl/models/rvc/rvc.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_parity.h"
#include "vl/core/error.h"

namespace vl {
namespace {

using models::rvc::Rvc;
using models::rvc::rvc_class;
using models::rvc::RvcConfig;
using models::rvc::RvcInputs;
using weights::Checkpoint;
using weights::Value;

const Rvc& part(const std::string& name, nn::Path path = nn::Path::kFused) {
  static std::map<std::pair<std::string, nn::Path>, std::shared_ptr<const Rvc>> cache;
  auto& model = cache[{name, path}];
  if (!model) model = test::rvc_model<Rvc>("rvc", name, path);
  return *model;
}

RvcInputs inputs(const Rvc& model, const std::string& tag) {
  RvcInputs in;
  in.sid = 1;
  in.phone = test::rvc_input("phone." + tag);
  in.noise_z = test::rvc_input("noise_z." + tag + ".0");
  if (!model.config().f0) return in;
  in.pitch = test::rvc_input("pitch." + tag);
  in.pitchf = test::rvc_input("pitchf." + tag);
  in.noise_sine = test::rvc_input("noise_sine." + tag + ".0");
  return in;
}

struct Row {
  const char *part, *tag;
  double prior, latent, har, decoder, wav;  // bars, of the largest value
};

// Two to three times the error of the reference's own float32 (README of the parity set): encoder,
// m, logs | z_p, z | har | conv_pre, upsI, stageI | wav.
const Row kRows[] = {
    {"v1_48k_f0", "T40", 3e-6, 2e-6, 1.2e-5, 6e-6, 1e-5},
    {"v1_32k_nono", "T40", 3e-6, 2e-6, 0, 4e-6, 6e-6},
    {"v2_40k_f0", "T40", 5e-6, 4e-6, 1.2e-5, 5e-6, 1e-5},
    {"v2_40k_f0", "T8", 3e-6, 2e-6, 1.2e-5, 3e-6, 8e-6},
    {"v2_48k_f0", "T40", 4e-6, 3e-6, 1.2e-5, 9e-6, 1.5e-5},
    {"v2_32k_nono", "T40", 3e-6, 2e-6, 0, 3e-6, 4e-6},
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.part << " " << row.tag; }

double bar(const Row& row, const std::string& name) {
  if (name == "encoder" || name == "m" || name == "logs") return row.prior;
  if (name == "z_p" || name == "z") return row.latent;
  if (name == "har") return row.har;
  return name == "wav" ? row.wav : row.decoder;
}

class RvcGolden : public testing::TestWithParam<std::tuple<Row, nn::Path>> {};

TEST_P(RvcGolden, EveryBlock) {
  const auto& [row, path] = GetParam();
  const Rvc& model = part(row.part, path);
  const std::string tag = std::string(row.part) + "." + row.tag;
  models::Taps taps;
  model.infer(inputs(model, tag), &taps);
  int compared = 0;
  for (const auto& [key, value] : test::golden("parity/rvc/golden.safetensors")) {
    const std::string prefix = "out:" + tag + ".";
    if (key.rfind(prefix, 0) != 0 || key.find("har_2026") != std::string::npos) continue;
    const std::string name = key.substr(prefix.size(), key.find('@') - prefix.size());
    ASSERT_TRUE(taps.count(name)) << name;
    test::expect_rvc(tag + "." + name, taps.at(name), bar(row, name));
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

INSTANTIATE_TEST_SUITE_P(Parts, RvcGolden,
                         testing::Combine(testing::ValuesIn(kRows),
                                          testing::Values(nn::Path::kReference, nn::Path::kFused)),
                         [](const auto& i) {
                           const Row& row = std::get<0>(i.param);
                           return std::string(row.part) + "_" + row.tag +
                                  test::path_name(std::get<1>(i.param));
                         });

TEST(Rvc, PhaseOf2026IsTheSame) {
  for (const char* name : {"v1_48k_f0", "v2_40k_f0", "v2_48k_f0"}) {
    const std::string tag = std::string(name) + ".T40";
    const RvcInputs in = inputs(part(name), tag);
    test::expect_rvc(tag + ".har_2026", part(name).excitation(in.pitchf, in.noise_sine), 2e-5);
  }
}

TEST(Rvc, RealTimeEntry) {
  const struct {
    const char* tag;
    int64_t stretched;
    double z, wav;
  } rows[] = {{"rt20", 20, 2e-6, 1e-5}, {"rt23", 23, 2e-6, 8e-5}};
  for (const auto& row : rows) {
    const std::string tag = std::string("v2_40k_f0.") + row.tag;
    RvcInputs in;
    in.sid = 1;
    in.phone = test::rvc_input("phone.v2_40k_f0.rt");
    in.pitch = test::rvc_input("pitch.v2_40k_f0.rt");
    in.pitchf = test::rvc_input("pitchf.v2_40k_f0.rt");
    in.noise_z = test::rvc_input("noise_z." + tag + ".0");
    in.noise_sine = test::rvc_input("noise_sine." + tag + ".0");
    in.skip_head = 30, in.return_length = 20, in.return_length2 = row.stretched;
    models::Taps taps;
    const at::Tensor wav = part("v2_40k_f0").infer(in, &taps);
    test::expect_rvc(tag + ".z", taps.at("z"), row.z);
    test::expect_rvc(tag + ".wav", wav, row.wav);
  }
}

/// 60 frames of inputs, voiced with gaps, for a model of a part.
RvcInputs long_inputs(const Rvc& model, int64_t frames) {
  RvcInputs in;
  in.phone = weights::fill_tensor("phone", {1, frames, model.config().feature_dim}, 1, 1.7);
  if (!model.config().f0) return in;
  const at::Tensor t = at::arange(frames).unsqueeze(0);
  in.pitch = t.remainder(200) + 20;
  in.pitchf = at::where(t.remainder(17) < 13, at::sin(t * 0.3) * 40 + 180, at::zeros({1}));
  return in;
}

TEST(Rvc, KeptFramesEqualThoseOfTheWholeCall) {
  constexpr int64_t kFrames = 110;
  const std::pair<int64_t, int64_t> rows[] = {{0, kFrames},       {0, 20},  {1, 5},
                                              {kFrames - 20, 20}, {50, 10}, {kFrames - 1, 1}};
  // In the plain form the shape decides in which order a convolution sums.
  const struct {
    const char* name;
    nn::Path path;
    double bar;
  } models[] = {{"v1_48k_f0", nn::Path::kFused, 1e-6},
                {"v2_40k_f0", nn::Path::kFused, 1e-6},
                {"v2_40k_f0", nn::Path::kReference, 1e-5},
                {"v2_32k_nono", nn::Path::kFused, 1e-6}};
  for (const auto& [name, path, bar] : models) {
    const Rvc& model = part(name, path);
    RvcInputs in = long_inputs(model, kFrames);
    in.seed = 3, in.start_turn = model.config().f0 ? 0.25 : 0;
    const at::Tensor whole = model.infer(in);
    const int64_t hop = model.config().hop();
    for (const auto& [begin, length] : rows) {
      in.keep_begin = begin, in.keep_frames = length;
      test::expect_close(fmt::format("{} {}+{} path {}", name, begin, length, int(path)),
                         model.infer(in), whole.slice(2, begin * hop, (begin + length) * hop),
                         bar * whole.abs().max().item<double>(), 0);
    }
  }
}

TEST(RvcExcitation, PhaseGoesOnWhereThePieceBeforeEnded) {
  const at::Tensor f0 =
      at::cat({at::full({1, 7}, 123.4), at::zeros({1, 3}), at::full({1, 9}, 987.6)}, 1);
  const at::Tensor silence = at::zeros({1, 19 * 400, 1});
  const at::Tensor whole = models::rvc::sine_excitation(f0, silence, 400, 40000, 0.375);
  EXPECT_EQ(models::rvc::end_turn(f0.slice(1, 0, 0), 400, 40000, 0.375), 0.375);
  for (int64_t split : {1, 8, 12}) {
    const double turn = models::rvc::end_turn(f0.slice(1, 0, split), 400, 40000, 0.375);
    EXPECT_GE(turn, 0);
    EXPECT_LT(turn, 1);
    test::expect_close(fmt::format("from {}", split),
                       models::rvc::sine_excitation(
                           f0.slice(1, split), silence.slice(1, split * 400), 400, 40000, turn),
                       whole.slice(1, split * 400), 1e-7, 0);
  }
}

TEST(Rvc, PiecesOfALongCallJoin) {
  // Longer than a piece of the decoder's fused form, against the plain form.
  const RvcInputs in = long_inputs(part("v2_40k_f0"), 700);
  const at::Tensor want = part("v2_40k_f0", nn::Path::kReference).infer(in);
  test::expect_close("700 frames", part("v2_40k_f0").infer(in), want, 0, 1e-5);
}

TEST(Rvc, GradientTakesTheReferencePath) {
  const auto model = std::const_pointer_cast<Rvc>(test::rvc_model<Rvc>("rvc", "v2_40k_f0"));
  const at::Tensor z = weights::fill_tensor("z", {1, model->config().inter, 4}, 1).requires_grad_();
  const at::Tensor har = at::zeros({1, 4 * model->config().hop(), 1});
  model->decode(z, har, model->speaker(0)).sum().backward();
  EXPECT_GT(z.grad().abs().max().item<double>(), 0);
}

/// Attention as the definition says, with a full [T, T, d] table of relative vectors.
at::Tensor full_attention(const torch::nn::Module& m, const at::Tensor& x, int64_t heads,
                          int64_t window) {
  const auto p = m.named_parameters();
  const int64_t frames = x.size(2);
  const auto conv = [&](const char* name, const at::Tensor& t) {
    const std::string k = name;
    return at::conv1d(t, p[k + ".weight"], p[k + ".bias"]);
  };
  const auto split = [&](const at::Tensor& t) {
    return t.view({heads, -1, frames}).transpose(1, 2);
  };
  const at::Tensor i = at::arange(frames), delta = i.unsqueeze(0) - i.unsqueeze(1);
  const at::Tensor near = (delta.abs() <= window).to(at::kFloat).unsqueeze(2);
  const at::Tensor row = (delta + window).clamp(0, 2 * window);
  const at::Tensor rel_k = at::index(p["emb_rel_k"][0], {row}) * near,
                   rel_v = at::index(p["emb_rel_v"][0], {row}) * near;
  const at::Tensor q = split(conv("conv_q", x)), k = split(conv("conv_k", x)),
                   v = split(conv("conv_v", x)), qs = q / std::sqrt(q.size(2));
  const at::Tensor a =
      at::softmax(at::matmul(qs, k.transpose(1, 2)) + at::einsum("hid,ijd->hij", {qs, rel_k}), -1);
  const at::Tensor o = at::matmul(a, v) + at::einsum("hij,ijd->hid", {a, rel_v});
  return conv("conv_o", o.transpose(1, 2).reshape(x.sizes()));
}

TEST(RvcAttention, BandEqualsFullForm) {
  for (int64_t frames : {1, 2, 10, 11, 21, 40, 511, 512, 513, 1100}) {
    for (int64_t window : {0, 10}) {
      RvcConfig c;
      c.hidden = 16, c.heads = 2, c.window = window;
      const auto attention = std::make_shared<models::rvc::BandAttention>(c);
      for (const auto& p : attention->named_parameters())
        p.value().copy_(weights::fill_tensor(p.key(), p.value().sizes(), 3));
      const at::Tensor x = weights::fill_tensor("x", {1, 16, frames}, 4, 1.7);
      test::expect_close(fmt::format("T {}, window {}", frames, window), (*attention)(x),
                         full_attention(*attention, x, 2, window), 0, 3e-6);
    }
  }
}

TEST(RvcExcitation, LongPhaseStaysExact) {
  // 200 s of a constant pitch whose phase is known in closed form.
  const int64_t frames = 20000, hop = 400;
  const double f0 = 123.4;
  const at::Tensor s = models::rvc::sine_excitation(at::full({1, frames}, f0, at::kDouble),
                                                    at::zeros({1, frames * hop, 1}), hop, 40000);
  const at::Tensor n = at::arange(frames * hop - 400, frames * hop, at::kDouble) + 1;
  test::expect_close("last 10 ms", s.reshape({-1}).slice(0, frames * hop - 400),
                     at::sin(n * (2 * M_PI * f0 / 40000)) * 0.1, 1e-6);
}

TEST(RvcExcitation, UnvoicedFramesAreNoise) {
  const at::Tensor noise = weights::fill_tensor("n", {1, 20, 1}, 1);
  const at::Tensor s = models::rvc::sine_excitation(at::zeros({1, 2}), noise, 10, 1000);
  test::expect_close("noise", s, noise * (0.1 / 3), 1e-9);
}

TEST(Rvc, SeededDrawsRepeatAndFollowTheOrder) {
  const Rvc& model = part("v2_40k_f0");
  RvcInputs in = inputs(model, "v2_40k_f0.T8");
  in.noise_z = in.noise_sine = at::Tensor();
  in.seed = 5;
  const at::Tensor a = model.infer(in), b = model.infer(in);
  EXPECT_TRUE(a.equal(b));
  in.seed = 6;
  EXPECT_FALSE(a.equal(model.infer(in)));
  at::manual_seed(5);
  in.noise_z = at::randn({1, 32, 8});
  at::rand({1, 1});
  in.noise_sine = at::randn({1, 3200, 1});
  EXPECT_TRUE(a.equal(model.infer(in)));
}

TEST(Rvc, RefusesWrongInputs) {
  const Rvc& model = part("v2_40k_f0");
  const RvcInputs good = inputs(model, "v2_40k_f0.T8");
  const std::pair<const char*, std::function<void(RvcInputs&)>> rows[] = {
      {"width",
       [](RvcInputs& i) {
         i.phone = at::zeros({1, 8, 63});
       }},
      {"no frame",
       [](RvcInputs& i) {
         i.phone = at::zeros({1, 0, 64});
       }},
      {"batch",
       [](RvcInputs& i) {
         i.phone = at::zeros({2, 8, 64});
       }},
      {"frames",
       [](RvcInputs& i) {
         i.phone = at::zeros({1, 9, 64});
       }},
      {"no pitch", [](RvcInputs& i) { i.pitch = at::Tensor(); }},
      {"no pitchf", [](RvcInputs& i) { i.pitchf = at::Tensor(); }},
      {"bin 256",
       [](RvcInputs& i) {
         i.pitch = at::full({1, 8}, 256, at::kLong);
       }},
      {"bin -1",
       [](RvcInputs& i) {
         i.pitch = at::full({1, 8}, -1, at::kLong);
       }},
      {"speaker 3", [](RvcInputs& i) { i.sid = 3; }},
      {"speaker -1", [](RvcInputs& i) { i.sid = -1; }},
      {"noise_z",
       [](RvcInputs& i) {
         i.noise_z = at::zeros({1, 32, 7});
       }},
      {"noise_sine",
       [](RvcInputs& i) {
         i.noise_sine = at::zeros({1, 3199, 1});
       }},
      {"skip", [](RvcInputs& i) { i.skip_head = 8; }},
      {"negative skip", [](RvcInputs& i) { i.skip_head = -1; }},
      {"length", [](RvcInputs& i) { i.return_length = 9; }},
      {"huge length", [](RvcInputs& i) { i.return_length = INT64_MAX, i.skip_head = 1; }},
      {"kept frames", [](RvcInputs& i) { i.keep_begin = 4, i.keep_frames = 5; }},
      {"no kept frame", [](RvcInputs& i) { i.keep_frames = 0; }},
      {"kept from -1", [](RvcInputs& i) { i.keep_begin = -1; }},
      {"kept in real time", [](RvcInputs& i) { i.keep_begin = 1, i.skip_head = 1; }},
      {"turn 1", [](RvcInputs& i) { i.start_turn = 1; }},
      {"stretch 0", [](RvcInputs& i) { i.return_length2 = 0; }},
      {"stretch", [](RvcInputs& i) { i.return_length2 = int64_t{1} << 40; }},
  };
  EXPECT_NO_THROW(model.infer(good));
  for (const auto& [name, change] : rows) {
    RvcInputs in = good;
    change(in);
    EXPECT_THROW(model.infer(in), Error) << name;
  }
  RvcInputs pitched = inputs(part("v2_32k_nono"), "v2_32k_nono.T40");
  pitched.pitch = at::ones({1, 40}, at::kLong);
  EXPECT_THROW(part("v2_32k_nono").infer(pitched), Error);
}

// Import.

Value text(const std::string& s) { return Value{s}; }
Value list_value(const nlohmann::json& j) {
  if (j.is_number_integer()) return Value{j.get<int64_t>()};
  if (j.is_number()) return Value{j.get<double>()};
  if (j.is_string()) return Value{j.get<std::string>()};
  auto list = std::make_shared<weights::List>();
  for (const auto& e : j) list->push_back(list_value(e));
  return Value{list};
}

nlohmann::json config_list(const std::string& name) {
  const nlohmann::json manifest = test::rvc_json("manifest.json");
  for (const auto& p : manifest["parts"])
    if (p["name"] == name) return p["config"]["config"];
  return nullptr;
}

/// A .pth of the part with these entries beside the weights.
Checkpoint voice(const std::string& name, const std::map<std::string, Value>& entries,
                 const char* weights_key = "weight") {
  const Checkpoint fill = test::rvc_part(name);
  auto root = std::make_shared<weights::Dict>();
  root->emplace_back(text(weights_key), fill.root);
  for (const auto& [key, value] : entries) root->emplace_back(text(key), value);
  Checkpoint out;
  out.file = name + ".pth";
  out.root = Value{root};
  return out;
}

Code import_code(const Checkpoint& c) {
  try {
    rvc_class().import(c);
  } catch (const Error& e) {
    return e.code();
  }
  return Code::kPartial;
}

TEST(RvcImport, ContainersAgreeWithTheFill) {
  for (const char* name : {"v1_48k_f0", "v1_32k_nono", "v2_40k_f0", "v2_48k_f0", "v2_32k_nono"}) {
    const models::ModelFile fill = rvc_class().import(test::rvc_part(name));
    const Checkpoint pth = voice(name, {{"config", list_value(config_list(name))},
                                        {"version", text(std::string(name).substr(0, 2))},
                                        {"f0", Value{int64_t{fill.config["f0"] == true}}},
                                        {"info", text("300epoch")},
                                        {"sr", text("40k")}});
    ASSERT_TRUE(rvc_class().recognise(pth));
    const models::ModelFile file = rvc_class().import(pth);
    EXPECT_EQ(file.config, fill.config) << name;
    EXPECT_EQ(file.config["upsample_rates"], config_list(name)[12]) << name;
    EXPECT_EQ(file.tensors.size(), fill.tensors.size()) << name;
    EXPECT_NO_THROW(models::build(file, name));
  }
}

TEST(RvcImport, PublicContainerEqualsTheFill) {
  const models::ModelFile a = rvc_class().import(test::rvc_part("v2_40k_f0"));
  const models::ModelFile b =
      rvc_class().import(weights::read_checkpoint(test::data("parity/rvc/v2_40k_f0.pth").string()));
  EXPECT_EQ(a.config, b.config);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [key, value] : a.tensors) EXPECT_TRUE(value.equal(b.tensors.at(key))) << key;
}

TEST(RvcImport, Tolerances) {
  nlohmann::json list = config_list("v2_40k_f0");
  list[17] = "40k";
  list[15] = 109;
  const struct {
    const char* what;
    std::map<std::string, Value> entries;
    const char* version;
  } rows[] = {
      {"version absent", {}, "v1"},
      {"f0 as bool", {{"f0", Value{true}}, {"version", text("v2")}}, "v2"},
      {"f0 as text", {{"f0", text("1")}, {"version", text("v2")}}, "v2"},
      {"f0 as word", {{"f0", text("True")}, {"version", text("v1")}}, "v1"},
      {"vocoder named", {{"vocoder", text("HiFi-GAN")}, {"version", text("v2")}}, "v2"},
      {"embedder", {{"embedder_model", text("contentvec")}, {"version", text("v2")}}, "v2"},
  };
  for (auto row : rows) {
    row.entries["config"] = list_value(list);
    const nlohmann::json config = rvc_class().import(voice("v2_40k_f0", row.entries)).config;
    EXPECT_EQ(config["version"], row.version) << row.what;
    EXPECT_EQ(config["f0"], true) << row.what;
    EXPECT_EQ(config["sample_rate"], 40000) << row.what;
    EXPECT_EQ(config["speakers"], 3) << row.what;
  }
}

TEST(RvcImport, RefusedFiles) {
  const auto with = [](std::map<std::string, Value> entries, nlohmann::json list) {
    entries["config"] = list_value(list);
    return voice("v2_40k_f0", entries);
  };
  const nlohmann::json good = config_list("v2_40k_f0");
  const auto changed = [&](size_t at, nlohmann::json value) {
    nlohmann::json list = good;
    list[at] = std::move(value);
    return list;
  };
  nlohmann::json shorter = good;
  shorter.erase(4);
  EXPECT_EQ(import_code(with({}, good)), Code::kPartial);
  const struct {
    const char* what;
    Checkpoint checkpoint;
    Code code;
  } rows[] = {
      {"vocoder", with({{"vocoder", text("RefineGAN")}}, good), Code::kUnsupportedVariant},
      {"version v3", with({{"version", text("v3")}}, good), Code::kUnsupportedVariant},
      {"f0 word", with({{"f0", text("maybe")}}, good), Code::kUnsupportedVariant},
      {"f0 absent in tensors", with({{"f0", Value{int64_t{0}}}}, good), Code::kBadWeights},
      {"resblock 2", with({}, changed(9, "2")), Code::kUnsupportedVariant},
      {"short list", with({}, shorter), Code::kUnsupportedVariant},
      {"heads", with({}, changed(5, 5)), Code::kUnsupportedVariant},
      {"heads 0", with({}, changed(5, 0)), Code::kUnsupportedVariant},
      {"rates", with({}, changed(12, {10, 10, 2})), Code::kUnsupportedVariant},
      {"rate 0", with({}, changed(12, {10, 0, 2, 2})), Code::kUnsupportedVariant},
      {"rates text", with({}, changed(12, "10,10,2,2")), Code::kUnsupportedVariant},
      {"rate", with({}, changed(17, "forty")), Code::kUnsupportedVariant},
      {"dilations", with({}, changed(11, {{1, 3}, {1, 3, 5}, {1, 3, 5}})), Code::kBadWeights},
      {"hubert", test::rvc_part("hubert"), Code::kWrongModelKind},
      {"nothing", Checkpoint{}, Code::kWrongModelKind},
  };
  for (const auto& row : rows) EXPECT_EQ(import_code(row.checkpoint), row.code) << row.what;
}

TEST(RvcImport, TrainingFilesDropThePosteriorAndFindTheirRates) {
  for (const char* name : {"v1_48k_f0", "v2_40k_f0", "v2_48k_f0", "v2_32k_nono"}) {
    Checkpoint c = voice(name, {{"iteration", Value{int64_t{300}}}}, "model");
    auto tensors = std::make_shared<weights::Dict>();
    for (const auto& [key, value] : *c.root.find("model")->dict()) {
      std::string k = *key.text();
      const auto swap = [&](const std::string& from, const std::string& to) {
        if (k.size() > from.size() && k.compare(k.size() - from.size(), from.size(), from) == 0)
          k = k.substr(0, k.size() - from.size()) + to;
      };
      swap(".weight_g", ".parametrizations.weight.original0");
      swap(".weight_v", ".parametrizations.weight.original1");
      tensors->emplace_back(text(k), value);
    }
    tensors->emplace_back(text("enc_q.pre.weight"), Value{at::zeros({32, 1025, 1})});
    c.root = Value{std::make_shared<weights::Dict>(weights::Dict{{text("model"), Value{tensors}}})};
    const models::ModelFile file = rvc_class().import(c);
    const nlohmann::json list = config_list(name);
    EXPECT_EQ(file.config["upsample_rates"], list[12]) << name;
    EXPECT_EQ(file.config["sample_rate"], list[17]) << name;
    const models::ModelFile fill = rvc_class().import(test::rvc_part(name));
    ASSERT_EQ(file.tensors.size(), fill.tensors.size());
    for (const auto& [key, value] : fill.tensors)
      EXPECT_TRUE(value.equal(file.tensors.at(key))) << key;
  }
}

TEST(RvcImport, AmbiguousTrainingFileNeedsItsConfig) {
  Checkpoint c = voice("v1_32k_nono", {}, "model");
  EXPECT_EQ(import_code(c), Code::kUnsupportedVariant);
  c.config = nlohmann::json{
      {"data", {{"sampling_rate", 32000}}},
      {"model", {{"n_heads", 2}, {"resblock", "1"}, {"upsample_rates", {10, 4, 2, 2, 2}}}}};
  EXPECT_EQ(rvc_class().import(c).config["upsample_rates"], config_list("v1_32k_nono")[12]);
}

TEST(RvcImport, PublicSizeHasThePublicCount) {
  // 457 tensors of v2 40k less one for each of the 96 folded pairs: flow 4 x 7, ups 4, blocks 72.
  nlohmann::json config = rvc_class().default_config();
  config["upsample_rates"] = {10, 10, 2, 2};
  config["upsample_kernels"] = {16, 16, 4, 4};
  config["sample_rate"] = 40000;
  const auto module = rvc_class().make(config);
  EXPECT_EQ(module->parameters().size(), 457u - 104u);
}

TEST(Rvc, FullSizeIsFinite) {
  const auto module = rvc_class().make(rvc_class().default_config());
  test::fill_module(*module, 1);
  RvcInputs in;
  in.phone = weights::fill_tensor("phone", {1, 100, 768}, 1, 1.7);
  in.pitch = at::full({1, 100}, 80, at::kLong);
  in.pitchf = at::full({1, 100}, 200.0, at::kFloat);
  in.sid = 108;
  const at::Tensor wav = dynamic_cast<const Rvc&>(*module).infer(in);
  EXPECT_EQ(wav.numel(), 48000);
  EXPECT_TRUE(wav.isfinite().all().item<bool>());
  EXPECT_GT(wav.std().item<double>(), 1e-4);
}

}  // namespace
}  // namespace vl
