#include "vl/models/fastpitch/fastpitch.h"

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "tests/support/torch_fill.h"
#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/fastpitch/import.h"
#include "vl/models/registry.h"

namespace vl::models::fastpitch {
namespace {

using test::expect_close;
using test::expect_equal;
using weights::Checkpoint;

const std::string kFolder = "parity/fastpitch/";
// Twice the observed float32 error, parity/fastpitch/README.md.
constexpr double kBlock = 2 * 8e-6, kValue = 2 * 6e-6, kMel = 2 * 1.6e-5;

Checkpoint filled(const std::string& name, bool with_config = true) {
  Checkpoint c = weights::read_fill(test::data(kFolder + name + ".params.json").string(),
                                    name == "fastpitch_a" ? 24 : 14, false);
  std::ifstream file(test::data(kFolder + name + ".config.json"));
  if (with_config) c.config = nlohmann::json::parse(file);
  return c;
}

const FastPitch& model(const std::string& name, nn::Path path = nn::Path::kFused) {
  static std::map<std::pair<std::string, nn::Path>, std::shared_ptr<const FastPitch>> built;
  auto& slot = built[{name, path}];
  if (slot) return *slot;
  slot = build_as<FastPitch>(fastpitch_class().import(filled(name)), name);
  if (path != nn::Path::kFused) std::const_pointer_cast<FastPitch>(slot)->set_path(path);
  return *slot;
}

const at::Tensor* stored(const std::string& name, const std::string& key) {
  const test::Tensors& all = test::golden(kFolder + name + ".golden.safetensors");
  const auto it = all.find(key);
  return it == all.end() ? nullptr : &it->second;
}

at::Tensor input(const std::string& name, const std::string& key) {
  const at::Tensor* t = stored(name, "input:" + key);
  return t == nullptr ? at::Tensor() : *t;
}

struct Case {
  const char* model;
  const char* name;
  FastPitchControls controls = {};
};

const Case kReference[] = {
    {"fastpitch_a", "single"},
    {"fastpitch_a", "alone1"},
    {"fastpitch_a", "alone2"},
    {"fastpitch_a", "hole"},
    {"fastpitch_a", "batch", {.reference_padding = true}},
    {"fastpitch_a", "pace080", {.pace = 0.8}},
    {"fastpitch_a", "pace130", {.pace = 1.3}},
    {"fastpitch_a", "pace200", {.pace = 2.0}},
    {"fastpitch_a", "pitch_flatten", {.pitch = {.flatten = true}}},
    {"fastpitch_a", "pitch_invert", {.pitch = {.invert = true}}},
    {"fastpitch_a", "pitch_amplify2", {.pitch = {.amplify = 2.0}}},
    {"fastpitch_a", "pitch_shift30", {.pitch = {.shift_hz = 30.0}}},
    {"fastpitch_a",
     "pitch_inv_amp15_shift_m20",
     {.pitch = {.invert = true, .amplify = 1.5, .shift_hz = -20.0}}},
    {"fastpitch_a",
     "pitch_batch_shift30",
     {.pitch = {.shift_hz = 30.0}, .reference_padding = true}},
    {"fastpitch_a", "pitch_custom_b1", {.pitch = {.custom = CustomPitch::kQuirk}}},
    {"fastpitch_a",
     "pitch_custom_b1",
     {.pitch = {.flatten = true, .shift_hz = 50.0, .custom = CustomPitch::kQuirk}}},
    {"fastpitch_a", "targets_dur_pitch"},
    {"fastpitch_a", "targets_all_jit", {.half_even = true}},
    {"fastpitch_a", "maxdur6", {.max_duration = 6.0}},
    {"fastpitch_a", "ties_pace2", {.pace = 2.0}},
    {"fastpitch_a", "ties_pace2_jit", {.pace = 2.0, .half_even = true}},
    {"fastpitch_b", "single_spk0"},
    {"fastpitch_b", "single_spk0", {.speaker = at::tensor({0})}},
    {"fastpitch_b", "single_spk1", {.speaker = at::tensor({1})}},
    {"fastpitch_b", "alone1_spk2", {.speaker = at::tensor({2})}},
    {"fastpitch_b", "batch_spk2", {.speaker = at::tensor({2}), .reference_padding = true}},
    {"fastpitch_b", "batch_spk2", {.speaker = at::tensor({2, 2}), .reference_padding = true}},
};

FastPitchControls with_targets(const Case& c) {
  FastPitchControls out = c.controls;
  const std::string name = c.name;
  out.dur_tgt = input(c.model, name + ".dur_tgt");
  out.pitch_tgt = input(c.model, name + ".pitch_tgt");
  out.energy_tgt = input(c.model, name + ".energy_tgt");
  return out;
}

class FastPitchPaths : public testing::TestWithParam<nn::Path> {};

INSTANTIATE_TEST_SUITE_P(Both, FastPitchPaths,
                         testing::Values(nn::Path::kReference, nn::Path::kFused),
                         [](const auto& i) {
                           return i.param == nn::Path::kFused ? "fused" : "reference";
                         });

TEST_P(FastPitchPaths, StoredCases) {
  for (const Case& c : kReference) {
    const std::string name = c.name;
    SCOPED_TRACE(std::string(c.model) + " " + name);
    const FastPitchOutput got =
        model(c.model, GetParam()).infer(input(c.model, name + ".ids"), with_targets(c));
    expect_equal("mel_lens", got.mel_lens, *stored(c.model, "out:" + name + ".mel_lens"));
    expect_close("mel", got.mel, *stored(c.model, "out:" + name + ".mel"), kMel);
    const std::pair<const char*, at::Tensor> values[] = {
        {"dur", got.dur}, {"pitch", got.pitch}, {"energy", got.energy}};
    for (const auto& [key, value] : values)
      if (const at::Tensor* want = stored(c.model, "out:" + name + "." + key))
        expect_close(key, value, *want, kValue);
  }
}

TEST_P(FastPitchPaths, EveryBlock) {
  const Case rows[] = {{"fastpitch_a", "single"},
                       {"fastpitch_b", "single_spk1", {.speaker = at::tensor({1})}}};
  for (const Case& c : rows) {
    Blocks blocks;
    const std::string prefix = std::string("out:") + c.name + ".";
    const FastPitchOutput out =
        model(c.model, GetParam())
            .infer(input(c.model, std::string(c.name) + ".ids"), c.controls, &blocks);
    size_t compared = 0;
    for (const auto& [name, block] : blocks) {
      const at::Tensor* want = stored(c.model, prefix + name);
      if (want == nullptr) continue;
      expect_close(prefix + name, block, *want, name == "mel" ? kMel : kBlock);
      ++compared;
    }
    for (const auto& [key, value] : test::golden(kFolder + c.model + ".golden.safetensors"))
      if (key.rfind(prefix, 0) == 0 && key.find("mel_lens") == std::string::npos &&
          key != prefix + "dur" && key != prefix + "pitch" && key != prefix + "energy") {
        EXPECT_TRUE(blocks.count(key.substr(prefix.size()))) << key;
      }
    EXPECT_GT(compared, 10U);
  }
}

/// Sizes and kernels that no public file has, utterances of different lengths with holes.
TEST(FastPitch, UnusualSizesEqualTheReference) {
  const struct {
    int64_t dim, filter, kernel, heads, d_head;
  } rows[] = {
      {6, 10, 1, 1, 5}, {34, 50, 5, 2, 7}, {48, 17, 7, 3, 4}, {2, 1, 9, 1, 1}, {64, 96, 3, 1, 16}};
  const at::Tensor length = at::tensor({23, 1, 15}).unsqueeze(1), place = at::arange(23);
  const at::Tensor ids = at::where(place < length, (place * 5) % 19, at::zeros({1}, at::kLong));
  for (const auto& r : rows) {
    SCOPED_TRACE(r.kernel);
    FastPitchConfig c;
    c.symbols_embedding_dim = r.dim, c.n_symbols = 19, c.n_mel_channels = 7;
    for (FftConfig* fft : {&c.encoder, &c.decoder})
      *fft = {.n_layers = 2,
              .n_heads = r.heads,
              .d_head = r.d_head,
              .conv1d_kernel_size = r.kernel,
              .conv1d_filter_size = r.filter};
    ModelFile file{
        .role = "fastpitch", .arch = "fastpitch", .config = config_to_json(c), .tensors = {}};
    file.tensors = test::rule_filled(*fastpitch_class().make(file.config), 1);
    const auto built = [&](nn::Path path) {
      const auto m = std::const_pointer_cast<FastPitch>(build_as<FastPitch>(file, "fill"));
      m->set_path(path);
      return m;
    };
    for (const bool padded : {false, true}) {
      const FastPitchControls controls{.dur_tgt = at::full(ids.sizes(), 7.0),
                                       .reference_padding = padded};
      Blocks fused, plain;
      built(nn::Path::kFused)->infer(ids, controls, &fused);
      built(nn::Path::kReference)->infer(ids, controls, &plain);
      for (const auto& [name, value] : plain) expect_close(name, fused.at(name), value, 0, 1e-5);
    }
  }
}

TEST(FastPitch, PaddingDoesNotMatter) {
  struct Row {
    const char *model, *batch, *alone;
    int64_t row;
    FastPitchControls controls = {};
  };
  const Row rows[] = {
      {"fastpitch_a", "batch", "single", 0},
      {"fastpitch_a", "batch", "alone1", 1},
      {"fastpitch_a", "batch", "alone2", 2},
      {"fastpitch_a", "pitch_batch_shift30", "pitch_shift30", 0, {.pitch = {.shift_hz = 30.0}}},
      {"fastpitch_b", "batch_spk2", "alone1_spk2", 1, {.speaker = at::tensor({2})}},
  };
  for (const Row& r : rows) {
    SCOPED_TRACE(r.alone);
    const FastPitchOutput got =
        model(r.model).infer(input(r.model, std::string(r.batch) + ".ids"), r.controls);
    const std::string key = std::string("out:") + r.alone + ".";
    const at::Tensor want = *stored(r.model, key + "mel");
    ASSERT_EQ(got.mel_lens[r.row].item<int64_t>(), want.size(2));
    expect_close("mel", got.mel[r.row].slice(1, 0, want.size(2)), want, kMel);
    const at::Tensor* pitch = stored(r.model, key + "pitch");
    ASSERT_NE(pitch, nullptr);
    expect_close("pitch", got.pitch[r.row].slice(1, 0, pitch->size(2)), *pitch, kValue);
    if (const at::Tensor* dur = stored(r.model, key + "dur"))
      expect_close("dur", got.dur[r.row].slice(0, 0, dur->size(1)), *dur, kValue);
  }
}

/// Each row of a padded batch against the same call on that row alone.
void expect_rows_equal_alone(const char* name, const at::Tensor& ids,
                             const FastPitchControls& controls) {
  const FastPitch& m = model("fastpitch_a");
  const FastPitchOutput all = m.infer(ids, controls);
  for (int64_t b = 0; b < ids.size(0); ++b) {
    const int64_t length = ids[b].ne(0).nonzero().max().item<int64_t>() + 1;
    const auto row = [&](const at::Tensor& t) {
      return t.defined() ? t.slice(0, b, b + 1).slice(-1, 0, length) : t;
    };
    FastPitchControls c = controls;
    c.dur_tgt = row(c.dur_tgt), c.pitch_tgt = row(c.pitch_tgt), c.energy_tgt = row(c.energy_tgt);
    const FastPitchOutput one = m.infer(row(ids), c);
    ASSERT_EQ(all.mel_lens[b].item<int64_t>(), one.mel.size(2)) << name;
    expect_close(name, all.mel[b].slice(1, 0, one.mel.size(2)), one.mel, kMel);
    expect_close(name, row(all.energy), one.energy, kValue);
  }
}

TEST(FastPitch, BatchesEqualSingleCalls) {
  at::Tensor ids = input("fastpitch_a", "batch.ids").clone();
  const at::Tensor ramp = at::arange(ids.numel(), at::kFloat).view(ids.sizes());
  const FastPitchControls targets{.dur_tgt = ramp.remainder(5.0),
                                  .pitch_tgt = ramp.sin().unsqueeze(1),
                                  .energy_tgt = ramp.cos().unsqueeze(1)};
  expect_rows_equal_alone("targets", ids, targets);
  expect_rows_equal_alone("ramp", ids, {.pitch = {.custom = CustomPitch::kRamp}});
  ids.select(1, 4).zero_();
  expect_rows_equal_alone("holes", ids, {.pitch = {.shift_hz = 30.0}});
}

TEST(FastPitch, CustomRamp) {
  const at::Tensor pitch = at::tensor({0.5, -1.0, 0.25, 2.0}, at::kFloat).view({1, 1, 4});
  const PitchTransform ramp{.shift_hz = 99.0, .custom = CustomPitch::kRamp};
  const at::Tensor got = transform_pitch(pitch, at::tensor({4}), 200.0, 50.0, ramp);
  // (200 + 50 p) (0.5 + t / 4), back to standardised units.
  const at::Tensor want = at::tensor({-1.75, -1.75, 0.25, 3.5}, at::kFloat);
  expect_close("ramp", got, want, 1e-6);
  EXPECT_THROW(transform_pitch(pitch.expand({2, 1, 4}), at::tensor({4, 4}), 200.0, 50.0,
                               {.custom = CustomPitch::kQuirk}),
               Error);
  const PitchTransform shift{.shift_hz = 67.24};
  expect_close("no statistics", transform_pitch(pitch, at::tensor({4}), 0.0, 0.0, shift),
               pitch + 1.0, 1e-6);
}

TEST(FastPitch, ChangesOfSymbols) {
  const FastPitch& m = model("fastpitch_a");
  const at::Tensor ids = input("fastpitch_a", "single.ids");
  const FastPitchPlan plain = m.plan(ids);
  const at::Tensor ones = at::ones_like(plain.dur);
  FastPitchControls same;
  same.symbol = {.pace = ones,
                 .pitch_scale = ones.unsqueeze(1),
                 .pitch_shift_hz = at::zeros_like(ones).unsqueeze(1),
                 .energy_scale = ones.unsqueeze(1)};
  const FastPitchPlan untouched = m.plan(ids, same);
  expect_equal("repeats", untouched.repeats, plain.repeats);
  expect_close("encoded", untouched.encoded, plain.encoded, kBlock);

  FastPitchControls one;
  one.symbol.pace = ones.clone();
  one.symbol.pace[0][3] = 0.25;
  one.symbol.pitch_scale = ones.unsqueeze(1).clone();
  one.symbol.pitch_scale[0][0][5] = 2.0;
  const FastPitchPlan changed = m.plan(ids, one);
  for (int64_t i = 0; i < ids.size(1); ++i) {
    const auto frames = [&](const FastPitchPlan& p) { return p.repeats[0][i].item<int64_t>(); };
    if (i == 3)
      EXPECT_EQ(frames(changed),
                std::llround(std::floor(plain.dur[0][3].item<float>() / 0.25F + 0.5F)));
    else
      EXPECT_EQ(frames(changed), frames(plain)) << i;
  }
  // Twice the pitch in Hz, in units of the training data.
  const double mean = m.named_buffers()["pitch_mean"].item<double>(),
               std = m.named_buffers()["pitch_std"].item<double>();
  const double before = plain.pitch[0][0][5].item<double>();
  EXPECT_NEAR(changed.pitch[0][0][5].item<double>() * std + mean, 2 * (before * std + mean),
              1e-3 * std);
  FastPitchControls half;
  half.symbol.energy_scale = ones.unsqueeze(1) * 0.5;
  expect_close("energy", m.plan(ids, half).energy, plain.energy * 0.5, 1e-6);

  FastPitchControls hertz, shift;
  hertz.symbol.pitch_shift_hz = ones.unsqueeze(1) * 20.0;
  shift.pitch.shift_hz = 20.0;
  expect_close("pitch", m.plan(ids, hertz).pitch, m.plan(ids, shift).pitch, 1e-6);
}

TEST(FastPitch, FrameCounts) {
  struct Row {
    float duration;
    double pace;
    bool half_even;
    int64_t want;
  };
  const Row rows[] = {{0.49F, 1, false, 0}, {0.5F, 1, false, 1},  {2.5F, 1, false, 3},
                      {2.5F, 1, true, 2},   {3.5F, 1, true, 4},   {5.0F, 2, false, 3},
                      {5.0F, 2, true, 2},   {80.0F, 1, false, 80}};
  for (const Row& r : rows)
    EXPECT_EQ(frame_counts(at::full({1, 1}, r.duration), r.pace, r.half_even).item<int64_t>(),
              r.want)
        << r.duration << " / " << r.pace;
}

TEST(FastPitch, PlanCanBeEditedBeforeRendering) {
  const FastPitch& m = model("fastpitch_a");
  const at::Tensor ids = input("fastpitch_a", "targets_dur_pitch.ids");
  const at::Tensor dur = input("fastpitch_a", "targets_dur_pitch.dur_tgt");
  const FastPitchControls pitch{.pitch_tgt = input("fastpitch_a", "targets_dur_pitch.pitch_tgt")};
  FastPitchPlan plan = m.plan(ids, pitch);
  plan.repeats = frame_counts(dur, 1.0, false);
  expect_close("mel", m.render(plan).mel, *stored("fastpitch_a", "out:targets_dur_pitch.mel"),
               kMel);
}

TEST(FastPitch, EmptyResults) {
  const FastPitch& m = model("fastpitch_a");
  const at::Tensor ids = input("fastpitch_a", "single.ids");
  struct Row {
    const char* name;
    at::Tensor ids;
    FastPitchControls controls = {};
  };
  const Row rows[] = {
      {"no symbols", at::zeros({1, 0}, at::kLong)},
      {"no utterances", at::zeros({0, 5}, at::kLong)},
      {"only padding", at::zeros({2, 7}, at::kLong)},
      {"zero durations", ids, {.dur_tgt = at::zeros(ids.sizes())}},
      {"limit 0", ids, {.max_duration = 0.0}},
  };
  for (const Row& r : rows) {
    SCOPED_TRACE(r.name);
    const FastPitchOutput got = m.infer(r.ids, r.controls);
    EXPECT_EQ(got.mel.sizes(), at::IntArrayRef({r.ids.size(0), 80, 0}));
    EXPECT_EQ(got.mel_lens.sum().item<int64_t>(), 0);
    EXPECT_TRUE(got.dur.isfinite().all().item<bool>());
  }
  const at::Tensor mixed = at::cat({ids, at::zeros_like(ids)});
  EXPECT_TRUE(m.infer(mixed).mel.isfinite().all().item<bool>());
}

TEST(FastPitch, RefusesBadCalls) {
  const FastPitch &a = model("fastpitch_a"), &b = model("fastpitch_b");
  const at::Tensor ids = input("fastpitch_a", "single.ids");
  struct Row {
    const char* name;
    const FastPitch* model;
    at::Tensor ids;
    FastPitchControls controls = {};
  };
  const Row rows[] = {
      {"id 148", &a, at::full({1, 4}, 148, at::kLong)},
      {"id -1", &a, at::full({1, 4}, -1, at::kLong)},
      {"rank", &a, ids[0]},
      {"pace 0", &a, ids, {.pace = 0.0}},
      {"pace NaN", &a, ids, {.pace = NAN}},
      {"too slow", &a, ids, {.pace = 1e-9}},
      {"huge durations", &a, ids, {.dur_tgt = at::full(ids.sizes(), 1e30)}},
      {"negative durations", &a, ids, {.dur_tgt = at::full(ids.sizes(), -1.0)}},
      {"NaN pitch", &a, ids, {.pitch_tgt = at::full({1, 1, ids.size(1)}, NAN)}},
      {"pitch shape", &a, ids, {.pitch_tgt = at::zeros({1, ids.size(1)})}},
      {"NaN limit", &a, ids, {.max_duration = NAN}},
      {"infinite shift", &a, ids, {.pitch = {.shift_hz = INFINITY}}},
      {"speaker 3", &b, ids, {.speaker = at::tensor({3})}},
      {"two speakers", &b, ids, {.speaker = at::tensor({0, 1})}},
      {"energy", &b, ids, {.energy_tgt = at::zeros({1, 1, ids.size(1)})}},
  };
  for (const Row& r : rows) EXPECT_THROW(r.model->infer(r.ids, r.controls), Error) << r.name;
}

TEST(FastPitchImport, PublicContainers) {
  struct Row {
    const char *file, *model, *name;
    FastPitchControls controls = {};
  };
  const Row rows[] = {
      {"fastpitch_a.pt", "fastpitch_a", "single"},
      {"fastpitch_b_module_prefix.pt", "fastpitch_b", "single_spk1", {.speaker = at::tensor({1})}},
  };
  for (const Row& r : rows) {
    const Checkpoint c = weights::read_checkpoint(test::data(kFolder + r.file).string());
    EXPECT_TRUE(fastpitch_class().recognise(c)) << r.file;
    const ModelFile file = fastpitch_class().import(c);
    EXPECT_EQ(file.config, fastpitch_class().import(filled(r.model)).config) << r.file;
    const at::Tensor ids = input(r.model, std::string(r.name) + ".ids");
    const at::Tensor mel = build_as<FastPitch>(file, r.file)->infer(ids, r.controls).mel;
    expect_close(r.file, mel, *stored(r.model, std::string("out:") + r.name + ".mel"), kMel);
  }
}

TEST(FastPitchImport, RunningAveragesWhereTheyAreWanted) {
  Checkpoint c = weights::read_checkpoint(test::data(kFolder + "fastpitch_a.pt").string());
  const auto proj = [](const Checkpoint& from) {
    return fastpitch_class().import(from).tensors.at("proj.bias");
  };
  const at::Tensor own = proj(c);
  c.averaged = true;
  EXPECT_THROW(proj(c), Error);
  // The same file with averages beside or instead of the weights.
  auto root = std::make_shared<weights::Dict>(*c.root.dict()),
       average = std::make_shared<weights::Dict>();
  for (const auto& [key, value] : c.tensors({"state_dict"}))
    average->emplace_back(weights::Value{key}, weights::Value{value * 0.5});
  root->emplace_back(weights::Value{std::string("ema_state_dict")}, weights::Value{average});
  c.root.data = root;
  expect_equal("averages", proj(c), own * 0.5);
  c.averaged = false;
  expect_equal("weights", proj(c), own);
  std::erase_if(*root, [](const auto& item) {
    return std::get<std::string>(item.first.data) == "state_dict";
  });
  expect_equal("averages alone", proj(c), own * 0.5);
}

TEST(FastPitchImport, ConfigFromShapes) {
  const ModelFile with = fastpitch_class().import(filled("fastpitch_a"));
  const ModelFile without = fastpitch_class().import(filled("fastpitch_a", false));
  EXPECT_EQ(with.config, without.config);
  for (const auto& item : with.tensors) EXPECT_NE(item.first.rfind("attention.", 0), 0U);
  // Two heads cannot be seen: their size then counts as one head's.
  const ModelFile b = fastpitch_class().import(filled("fastpitch_b", false));
  EXPECT_EQ(b.config["in_fft_n_heads"], 1);
  EXPECT_EQ(b.config["in_fft_d_head"], 24);
  EXPECT_EQ(b.config["n_speakers"], 3);
  EXPECT_EQ(b.config["energy_conditioning"], false);
}

weights::Value dict_of(std::vector<std::pair<std::string, weights::Value>> items) {
  auto dict = std::make_shared<weights::Dict>();
  for (auto& [key, value] : items) dict->emplace_back(weights::Value{key}, std::move(value));
  return {dict};
}

TEST(FastPitchImport, PrefixesAndTrainingSetup) {
  const Checkpoint plain = filled("fastpitch_b");
  const ModelFile want = fastpitch_class().import(plain);
  for (const std::string prefix : {"module.", "module.1.", "1."}) {
    std::vector<std::pair<std::string, weights::Value>> tensors;
    for (const auto& [key, value] : plain.root.tensors())
      tensors.emplace_back(prefix + key, weights::Value{value});
    const weights::Value setup = dict_of({{"symbol_set", {std::string("english_expanded")}},
                                          {"text_cleaners", {std::string("basic_cleaners")}},
                                          {"p_arpabet", {0.5}},
                                          {"hop_length", {int64_t{512}}},
                                          {"n_speakers", {int64_t{7}}},
                                          {"win_length", {}}});
    Checkpoint c = plain;
    c.root = dict_of({{"train_setup", setup}, {"state_dict", dict_of(std::move(tensors))}});
    EXPECT_TRUE(fastpitch_class().recognise(c)) << prefix;
    const ModelFile got = fastpitch_class().import(c);
    ASSERT_EQ(got.tensors.size(), want.tensors.size());
    for (const auto& item : want.tensors) EXPECT_TRUE(got.tensors.contains(item.first));
    nlohmann::json expected = want.config;
    expected["symbol_set"] = "english_expanded";
    expected["text_cleaners"] = {"basic_cleaners"};
    expected["p_arpabet"] = 0.5;
    expected["hop_length"] = 512;
    EXPECT_EQ(got.config, expected);
  }
}

TEST(FastPitchImport, RefusesWhatDoesNotFit) {
  struct Row {
    const char* key;
    nlohmann::json value;
    Code code;
  };
  const Row rows[] = {{"in_fft_n_layers", 3, Code::kBadWeights},
                      {"in_fft_n_heads", 5, Code::kBadWeights},
                      {"n_symbols", "many", Code::kBadWeights},
                      {"n_symbols", 149, Code::kBadWeights},
                      {"in_fft_output_size", 64, Code::kUnsupportedVariant}};
  for (const Row& r : rows) {
    Checkpoint c = filled("fastpitch_a");
    (*c.config)[r.key] = r.value;
    try {
      fastpitch_class().import(c);
      ADD_FAILURE() << r.key << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), r.code) << e.what();
    }
  }
  const Checkpoint other =
      weights::read_fill(test::data(kFolder + "hifigan_v1_small.params.json").string(), 31, false);
  EXPECT_FALSE(fastpitch_class().recognise(other));
  EXPECT_TRUE(fastpitch_class().recognise(filled("fastpitch_b")));
  EXPECT_THROW(fastpitch_class().import(other), Error);
}

TEST(FastPitch, PublicSize) {
  ModelFile file{.role = "fastpitch",
                 .arch = "fastpitch",
                 .config = fastpitch_class().default_config(),
                 .tensors = {}};
  const auto empty = fastpitch_class().make(file.config);
  int64_t count = 0;
  for (const at::Tensor& p : empty->parameters()) count += p.numel();
  EXPECT_EQ(count, 45261395);
  file.tensors = test::rule_filled(*empty, 1);
  const auto m = build_as<FastPitch>(file, "fill");
  const at::Tensor ids = at::arange(1, 81, at::kLong).unsqueeze(0);
  const FastPitchOutput out = m->infer(ids, {.dur_tgt = at::ones({1, 80})});
  EXPECT_EQ(out.mel.sizes(), at::IntArrayRef({1, 80, 80}));
  for (const at::Tensor& t : {out.mel, out.dur, out.pitch, out.energy})
    EXPECT_TRUE(t.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace vl::models::fastpitch
