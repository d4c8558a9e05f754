#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "tests/models/vallex_net.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/weights/npz.h"

namespace vl::models::vallex {
namespace {

using test::expect_close;
using test::expect_equal;

constexpr double kBar = 1e-4;

INSTANTIATE_TEST_SUITE_P(Paths, VallexPath,
                         testing::Values(nn::Path::kFused, nn::Path::kReference));

TEST_P(VallexPath, TeacherForcedLogits) {
  for (const char* name : {"tf_prompt", "tf_noprompt", "tf_mixed", "tf_accent_zh"}) {
    Taps taps;
    const at::Tensor logits = net().forced_logits(
        input_of(name), golden().at(std::string("input:") + name + ":forced"), &taps);
    expect_close(name, logits, golden().at(std::string("out:") + name + ":ar_logits"), kBar);
    if (std::string(name) != "tf_prompt") continue;
    for (const char* block : {"ar_embed", "ar_layer0", "ar_layer1", "ar_layer2", "ar_norm"})
      expect_close(block, taps.at(block), golden().at(std::string("out:tf_prompt:") + block), kBar);
    for (const char* block : {"ar_layer0_k", "ar_layer0_v"}) {
      const at::Tensor got = taps.at(block);
      expect_close(block, got.slice(1, 0, got.size(1), 8),
                   golden().at(std::string("out:tf_prompt:") + block), kBar);
    }
  }
}

TEST_P(VallexPath, GreedyTokensAndCodesAreEqual) {
  const struct {
    const char* name;
    int64_t prefix_mode, max_frames;
    const char* stopped;
  } rows[] = {{"greedy_eos_zh", 1, 0, "eos"},
              {"greedy_eos_en", 1, 0, "eos"},
              {"greedy_cap", 1, 0, "cap"},
              {"prefix0", 0, 24, "max_frames"}};
  for (const auto& row : rows) {
    const std::string out = std::string("out:") + row.name + ":";
    const LmInput in = input_of(row.name);
    const Decoded ar = net().decode(in, {.greedy = true, .max_frames = row.max_frames});
    expect_equal(row.name, at::tensor(ar.draws), golden().at(out + "ar_tokens"));
    expect_close(row.name, at::tensor(ar.margins, at::kDouble), golden().at(out + "ar_margins"),
                 2 * kBar);
    EXPECT_STREQ(name(ar.stopped_by), row.stopped) << row.name;
    Taps taps;
    const NarResult nar = net().nar(in, ar.tokens, {.prefix_mode = row.prefix_mode}, true, &taps);
    expect_equal(row.name, nar.codes, golden().at(out + "codes"));
    expect_close(row.name, nar.logits.slice(1, 0, 3), golden().at(out + "nar_logits_first3"), kBar);
    expect_close(row.name, taps.at("nar_input_stage0"), golden().at(out + "nar_input_stage0"),
                 kBar);
    for (const char* block : {"nar_stage0_layer0", "nar_stage0_layer1", "nar_stage0_layer2",
                              "nar_stage0_norm", "nar_stage6_norm"}) {
      const at::Tensor got = taps.at(block);
      expect_close(std::string(row.name) + block, got.slice(0, 0, got.size(0), 4),
                   golden().at(out + block), kBar);
    }
  }
}

TEST_P(VallexPath, StepsEqualForcedLogits) {
  const LmInput in = input_of("tf_prompt");
  const at::Tensor forced = golden().at("input:tf_prompt:forced");
  at::Tensor logits;
  ArState state = net().prefill(in, &logits);
  const at::Tensor want = golden().at("out:tf_prompt:ar_logits");
  expect_close("prefill", logits[0], want[0], kBar);
  for (int64_t t = 0; t < forced.size(0); ++t)
    expect_close("step", net().step(forced.slice(0, t, t + 1), state)[0], want[t + 1], kBar);
}

TEST(Sampling, FilteredProbabilitiesEqualTheTables) {
  const auto& table = cases()["sampling"];
  for (size_t i = 0; i < table.size(); ++i) {
    const SamplingOptions o{table[i]["temperature"], table[i]["top_k"], table[i]["top_p"]};
    const at::Tensor got = filtered_probabilities(golden().at("input:sampling_logits"), o);
    const at::Tensor want = golden().at(fmt::format("out:sampling:{}:probs", i));
    expect_close("rows 0, 1", got.slice(0, 0, 2), want.slice(0, 0, 2), 1e-6);
    // Row 2 has ties: which of them stay under top_p depends on the sort, so only the sorted values
    // count.
    expect_close("row 2", std::get<0>(got[2].sort()), std::get<0>(want[2].sort()), 1e-6);
  }
}

TEST_P(VallexPath, ScoresOfRowsEqualTheReference) {
  const at::Tensor samples = golden().at("input:bestof:samples");
  const LmInput in = input_of("bestof");
  at::Tensor logits;
  ArState state = net().prefill(in, &logits);
  Vallex::expand(state, 3);
  logits = logits.expand({3, logits.size(1)});
  expect_close("step 0", logits, golden().at("out:bestof:logits_step0"), kBar);
  RowScores scores(3, in.prompt_codes.size(0) + 1);
  for (int64_t t = 0; t < samples.size(0); ++t) {
    std::vector<int64_t> classes;
    std::vector<double> log_probs;
    const at::Tensor p = filtered_probabilities(logits, {});
    for (int64_t r = 0; r < 3; ++r) {
      classes.push_back(samples[t][r].item<int64_t>());
      log_probs.push_back(std::log(p[r][classes.back()].item<double>()));
    }
    const auto tokens = scores.draw(classes, log_probs);
    if (scores.all_ended()) break;
    scores.append(tokens);
    logits = net().step(at::tensor(tokens), state);
  }
  for (int64_t r = 0; r < 3; ++r) {
    EXPECT_NEAR(scores.log_prob(r), golden().at("out:bestof:sum_logprobs")[r].item<double>(), 2e-3);
    EXPECT_EQ(scores.length(r), golden().at("out:bestof:lengths")[r].item<int64_t>());
    EXPECT_NEAR(scores.score(r, 1.0), golden().at("out:bestof:avg")[r].item<double>(), 1e-4);
  }
  expect_equal("best", at::tensor(scores.frames(scores.best(1.0))),
               golden().at("out:bestof:codes0"));
  const at::Tensor half = golden().at("out:bestof_lp0.5_worst:avg");
  for (int64_t r = 0; r < 3; ++r) EXPECT_NEAR(scores.score(r, 0.5), half[r].item<double>(), 1e-3);
  expect_equal("worst of penalty 0.5", at::tensor(scores.frames(half.argmin().item<int64_t>())),
               golden().at("out:bestof_lp0.5_worst:codes0"));
}

TEST(Vallex, PositionTable) {
  expect_close("rows 0..7", position_rows(0, 8, 64), golden().at("out:pe_first8"), 1e-6);
  // sin and cos of angles near 4000 differ between maths libraries by the rounding of the angle.
  expect_close("row 3999", position_rows(3999, 1, 64), golden().at("out:pe_row3999"), 2.5e-4);
}

TEST_P(VallexPath, RowsBeyondTheTable) {
  LmInput in = input_of("tf_noprompt");
  const at::Tensor codes = at::randint(kCodebookSize, {4002, kCodebooks},
                                       at::make_generator<at::CPUGeneratorImpl>(7), at::kLong);
  at::Tensor logits;
  in.prompt_codes = codes.slice(0, 0, 3997);
  ArState state = net().prefill(in, &logits);
  for (int64_t t = 3997; t < 4002; ++t) logits = net().step(codes[t].slice(0, 0, 1), state);
  in.prompt_codes = codes;
  at::Tensor whole;
  net().prefill(in, &whole);
  expect_close("step after step against one prefill", logits, whole, kBar);
}

TEST(Vallex, RefusesInputsOutsideItsTables) {
  const auto ints = [](std::vector<int64_t> v) { return at::tensor(v, at::kLong); };
  const at::Tensor none = at::zeros({0, kCodebooks}, at::kLong);
  const struct {
    const char* name;
    LmInput in;
  } rows[] = {
      {"text", {ints({2048}), ints({0}), none}},
      {"negative text", {ints({-1}), ints({0}), none}},
      {"language", {ints({5}), ints({3}), none}},
      {"lengths", {ints({5, 6}), ints({0}), none}},
      {"codes", {ints({5}), ints({0}), at::full({2, 8}, 1024, at::kLong)}},
      {"seven books", {ints({5}), ints({0}), at::zeros({2, 7}, at::kLong)}},
      {"flat codes", {ints({5}), ints({0}), at::zeros({8}, at::kLong)}},
      {"heads", {ints({5}), ints({0}), none, 3}},
      {"negative heads", {ints({5}), ints({0}), none, -4}},
      {"fractions", {at::ones({3}), ints({0, 0, 0}), none}},
  };
  at::Tensor logits;
  for (const auto& row : rows) {
    EXPECT_THROW(net().prefill(row.in, &logits), Error) << row.name;
    EXPECT_THROW(net().nar(row.in, ints({1, 2}), {}), Error) << row.name;
  }
  const LmInput good = input_of("greedy_cap");
  EXPECT_THROW(net().nar(good, ints({1024}), {}), Error);
  EXPECT_THROW(net().nar(good, ints({1}), {.prefix_mode = 2}), Error);
  EXPECT_THROW(net().forced_logits(good, ints({1026})), Error);
  EXPECT_EQ(net().forced_logits(good, ints({1024, 1025})).size(0), 3);
  EXPECT_EQ(net().nar(good, ints({}), {}).codes.size(0), 0);
  EXPECT_THROW(net().decode(good, {.best_of = 0}), Error);
  EXPECT_THROW(net().decode(good, {.greedy = true, .best_of = 2}), Error);
  EXPECT_THROW(net().decode(good, {.sampling = {.temperature = 0}}), Error);
  EXPECT_THROW(net().decode(good, {.fixed_frames = -1}), Error);
}

TEST(Vallex, TiedTablesAreOneTensor) {
  const auto fill = weights::read_fill(test::data(kFolder + "lm/params.json").string(), 405, false);
  const weights::StateDict all = fill.root.tensors();
  const std::string heads = "nar_predict_layers.", tables = "nar_audio_embeddings.";
  for (const char* absent : {"", "heads", "tables"}) {
    auto dict = std::make_shared<weights::Dict>();
    for (const auto& [key, value] : all) {
      const bool head = key.rfind(heads, 0) == 0 && key[heads.size()] != '6';
      const bool table = key.rfind(tables, 0) == 0 && key[tables.size()] > '1';
      if ((head && absent == std::string("heads")) || (table && absent == std::string("tables")))
        continue;
      dict->emplace_back(weights::Value{key}, weights::Value{value.clone()});
    }
    weights::Checkpoint c{.file = "ties", .container = "zip"};
    c.root.data = dict;
    const ModelFile file = vallex_class().import(c);
    EXPECT_EQ(file.tensors.size(), all.size()) << absent;
    for (int j = 0; j < 6; ++j) {
      const at::Tensor& head = file.tensors.at(fmt::format("{}{}.weight", heads, j));
      EXPECT_EQ(
          head.data_ptr(),
          file.tensors.at(fmt::format("{}{}.word_embeddings.weight", tables, j + 2)).data_ptr());
      EXPECT_TRUE(head.equal(all.at(fmt::format("{}{}.weight", heads, j))));
    }
    EXPECT_EQ(file.config["heads"], 1) << "64 wide, nothing says otherwise";
  }
}

TEST(Vallex, PublicContainers) {
  const auto& g = test::golden(kFolder + "checkpoints/golden.safetensors");
  for (const char* name : {"tiny_vallex", "tiny_vallex_legacy", "tiny_vallex_fp16"}) {
    auto c = weights::read_checkpoint(test::data(kFolder + "checkpoints/" + name + ".pt").string());
    const auto model = build_as<Vallex>(vallex_class().import(c), c.file);
    at::Tensor languages = at::ones({6}, at::kLong);
    languages.slice(0, 0, 3).zero_();
    const LmInput in{.text_tokens = g.at("input:text_tokens"),
                     .language_ids = languages,
                     .prompt_codes = g.at("input:prompt_codes"),
                     .heads = 2};
    expect_close(name, model->forced_logits(in, g.at("input:forced")),
                 g.at(std::string("out:") + name + ":ar_logits"), kBar);
    const NarResult nar = model->nar(in, g.at("input:forced"), {}, true);
    expect_equal(name, nar.codes, g.at(std::string("out:") + name + ":codes"));
    expect_close(name, nar.logits.select(1, 0),
                 g.at(std::string("out:") + name + ":nar_logits_frame0"), kBar);
  }
}

}  // namespace
}  // namespace vl::models::vallex
