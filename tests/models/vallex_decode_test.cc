#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/models/vallex_net.h"
#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl::models::vallex {
namespace {

using test::expect_close;
using test::expect_equal;

TEST_P(VallexPath, EverySeedRowOfBestOfIsARunOfItsOwn) {
  const LmInput in = input_of("bestof");
  const DecodeOptions options{.seed = 77, .fixed_frames = 20};
  std::vector<Decoded> alone;
  for (uint64_t row = 0; row < 3; ++row) {
    DecodeOptions o = options;
    o.sequence = row;
    alone.push_back(net().decode(in, o));
    ASSERT_EQ(alone.back().tokens.size(0), 20);
    EXPECT_TRUE(alone.back().tokens.lt(kEos).all().item<bool>());
  }
  EXPECT_FALSE(alone[0].tokens.equal(alone[1].tokens));
  const auto best = std::max_element(alone.begin(), alone.end(), [](auto& a, auto& b) {
    return a.log_prob < b.log_prob;  // equal lengths
  });
  DecodeOptions o = options;
  o.best_of = 3;
  const Decoded chosen = net().decode(in, o);
  expect_equal("best row", chosen.tokens, best->tokens);
  EXPECT_NEAR(chosen.log_prob, best->log_prob, 1e-3);
}

TEST(Vallex, BatchedSentencesAreThoseDecodedAlone) {
  std::vector<LmInput> inputs;
  std::vector<DecodeOptions> options;
  const char* names[] = {"greedy_eos_zh", "greedy_eos_en", "tf_prompt", "tf_mixed", "bestof"};
  for (uint64_t i = 0; i < std::size(names); ++i) {
    inputs.push_back(input_of(names[i]));
    options.push_back({.greedy = i < 2,
                       .seed = 3,
                       .sequence = 10 * i,
                       .best_of = i == 4 ? 3 : 1,
                       .max_frames = i == 2 ? 9 : 0});
  }
  options[3].fixed_frames = 33;
  for (const Vallex* model : {&net(), &plain_net()}) {
    const std::vector<Decoded> together = model->decode_batch(inputs, options);
    ASSERT_EQ(together.size(), inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Decoded alone = model->decode(inputs[i], options[i]);
      expect_equal(names[i], together[i].tokens, alone.tokens);
      EXPECT_EQ(together[i].draws, alone.draws) << names[i];
      EXPECT_EQ(together[i].log_prob, alone.log_prob) << names[i];
      EXPECT_STREQ(name(together[i].stopped_by), name(alone.stopped_by)) << names[i];
    }
  }
  EXPECT_TRUE(net().decode_batch({}, {}).empty());
  EXPECT_THROW(net().decode_batch(inputs, {}), Error);
}

TEST(Vallex, OneCancelledSentenceLeavesTheOthersAlone) {
  const LmInput in = input_of("greedy_cap");
  int polls = 0;
  const std::vector<Decoded> got =
      net().decode_batch({in, in}, {{.fixed_frames = 12, .cancelled = [&] { return ++polls > 4; }},
                                    {.seed = 1, .fixed_frames = 12}});
  EXPECT_EQ(got[0].stopped_by, StoppedBy::kCancelled);
  EXPECT_EQ(got[0].tokens.size(0), 0);
  expect_equal("other", got[1].tokens, net().decode(in, {.seed = 1, .fixed_frames = 12}).tokens);
}

TEST(Repeats, LoopsOfAnyPeriodUpToTheGuard) {
  const struct {
    std::vector<int64_t> frames;
    int64_t guard;
    bool want;
  } rows[] = {{{1, 2, 3, 1, 2, 3}, 3, true},
              {{9, 1, 2, 3, 1, 2, 3}, 3, true},
              {{1, 2, 3, 1, 2, 4}, 3, false},
              {{1, 2, 1, 2, 1, 2}, 3, true},  // period 2
              {{7, 7, 7, 7, 7, 7}, 3, true},
              {{1, 2, 3, 4, 1, 2, 3, 4}, 3, false},
              {{1, 1}, 1, true},
              {{1}, 1, false},
              {{1, 1, 1, 1}, 0, false},
              {{}, 2, false}};
  for (const auto& row : rows)
    EXPECT_EQ(repeats(row.frames, row.guard), row.want) << at::tensor(row.frames);
}

/// The small net with a head that says one class with the weight `level`.
std::shared_ptr<const Vallex> monotone_net(int64_t token, double level) {
  auto c = weights::read_fill(test::data(kFolder + "lm/params.json").string(), 405, false);
  ModelFile file = vallex_class().import(c);
  file.tensors.set("ar_decoder.norm.weight", at::zeros({64}));
  file.tensors.set("ar_decoder.norm.bias", at::ones({64}));
  at::Tensor head = at::zeros({kArClasses, 64});
  head[token].fill_(level);
  head[kEos].fill_(-1.0);
  file.tensors.set("ar_predict_layer.weight", head);
  return build_as<Vallex>(file, "monotone");
}

TEST(RepetitionGuard, ALoopIsCutAndEndsTheRow) {
  const auto model = monotone_net(5, 1.0);
  const LmInput in = input_of("tf_prompt");
  const DecodeOptions base{.repetition_guard = 4};
  // Always 5: every eighth frame completes a loop, four frames are cut.
  DecodeOptions sampled = base, greedy = base;
  greedy.greedy = true;
  const Decoded once = model->decode(in, greedy), thrice = model->decode(in, sampled);
  EXPECT_STREQ(name(once.stopped_by), "repetition");
  EXPECT_EQ(once.draws.size(), 8U);
  expect_equal("greedy", once.tokens, at::full({4}, 5, at::kLong));
  EXPECT_STREQ(name(thrice.stopped_by), "repetition");
  EXPECT_EQ(thrice.draws.size(), 8U + 3 * 4);
  expect_equal("sampled", thrice.tokens, at::full({4}, 5, at::kLong));
  EXPECT_NEAR(thrice.log_prob, 0, 1e-6);
}

TEST(RepetitionGuard, WhatIsDrawnAgainContinuesTheCutRow) {
  // About half of the draws are 5: loops of period 1 come by chance.
  const auto model = monotone_net(5, 0.11);
  const LmInput in = input_of("tf_prompt");
  DecodeOptions o{.repetition_guard = 2};
  o.max_frames = 40;
  int cuts = 0;
  for (o.seed = 0; o.seed < 12; ++o.seed) {
    const Decoded got = model->decode(in, o), again = model->decode(in, o);
    expect_equal("the same seed", got.tokens, again.tokens);
    const auto* p = got.tokens.const_data_ptr<int64_t>();
    const std::vector<int64_t> frames(p, p + got.tokens.size(0));
    for (size_t n = 0; n <= frames.size(); ++n)
      EXPECT_FALSE(repeats({frames.begin(), frames.begin() + static_cast<long>(n)}, 2)) << n;
    if (got.draws.size() > frames.size() + 1) ++cuts;
    DecodeOptions taken = o;
    taken.best_of = 3;
    EXPECT_LE(model->decode(in, taken).tokens.size(0), 40);
  }
  EXPECT_GT(cuts, 0);
}

TEST(RepetitionGuard, TheCacheIsRolledBack) {
  const LmInput in = input_of("tf_prompt");
  for (const Vallex* model : {&net(), &plain_net()}) {
    at::Tensor first;
    ArState state = model->prefill(in, &first);
    const at::Tensor a = model->step(at::tensor({7L}), state);
    model->step(at::tensor({8L}), state);
    model->step(at::tensor({9L}), state);
    state.drop(3);
    EXPECT_TRUE(a.equal(model->step(at::tensor({7L}), state)));
  }
}

/// The small net with a head that always says 1024.
std::shared_ptr<const Vallex> silent_net() {
  auto c = weights::read_fill(test::data(kFolder + "lm/params.json").string(), 405, false);
  ModelFile file = vallex_class().import(c);
  file.tensors.set("ar_decoder.norm.weight", at::zeros({64}));
  file.tensors.set("ar_decoder.norm.bias", at::ones({64}));
  at::Tensor head = at::zeros({kArClasses, 64});
  head[kEos].fill_(1.0);
  file.tensors.set("ar_predict_layer.weight", head);
  return build_as<Vallex>(file, "silent");
}

TEST(Generate, ZeroFrames) {
  const auto model = silent_net();
  const LmInput in = input_of("tf_prompt");
  for (const int64_t rows : {1, 4}) {
    const Generated none = model->generate({.input = in, .options = {.seed = 5, .best_of = rows}});
    EXPECT_EQ(none.codes.sizes(), at::IntArrayRef({0, kCodebooks}));
    EXPECT_EQ(none.stopped_by, StoppedBy::kEos);
  }
  EXPECT_EQ(model->generate({.input = in, .options = {.fixed_frames = 3}}).codes.size(0), 3);
}

TEST_P(VallexPath, CancelledAtAnyStepOrPass) {
  const LmInput in = input_of("greedy_cap");
  int polls = 0;
  const auto run = [&](int allowed) {
    polls = 0;
    return net().generate({.input = in, .options = {.fixed_frames = 6, .cancelled = [&, allowed] {
                                                      return ++polls > allowed;
                                                    }}});
  };
  const Generated whole = run(1000);
  ASSERT_EQ(whole.stopped_by, StoppedBy::kFixed);
  const int total = polls;
  EXPECT_GE(total, 6 + 7);
  for (int allowed = 0; allowed < total; ++allowed) {
    const Generated cut = run(allowed);
    EXPECT_EQ(cut.stopped_by, StoppedBy::kCancelled) << allowed;
    EXPECT_EQ(cut.codes.size(0), 0) << allowed;
  }
}

TEST_P(VallexPath, ProgressCountsFrames) {
  std::vector<int64_t> seen;
  net().decode(input_of("greedy_cap"),
               {.fixed_frames = 5, .progress = [&](int64_t n) { seen.push_back(n); }});
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2, 3, 4, 5}));
}

TEST_P(VallexPath, FixedLengthSeedAndCancel) {
  const LmInput in = input_of("greedy_cap");
  const auto run = [&](uint64_t seed, int64_t frames) {
    return net().generate({.input = in, .options = {.seed = seed, .fixed_frames = frames}});
  };
  const Generated a = run(1, 60), b = run(1, 60), c = run(2, 60);
  EXPECT_EQ(a.codes.size(0), 60);
  EXPECT_EQ(a.stopped_by, StoppedBy::kFixed);
  EXPECT_TRUE(a.codes.equal(b.codes));
  EXPECT_FALSE(a.codes.equal(c.codes));
  const Generated capped = net().generate({.input = in, .options = {.seed = 3}});
  EXPECT_LE(capped.codes.size(0), 48);
  EXPECT_EQ(net()
                .generate({.input = in,
                           .options = {.fixed_frames = 1000, .cancelled = [] { return true; }}})
                .stopped_by,
            StoppedBy::kCancelled);
  EXPECT_THROW(net().generate({.input = {.text_tokens = at::empty({0}, at::kLong),
                                         .language_ids = at::empty({0}, at::kLong),
                                         .prompt_codes = in.prompt_codes}}),
               Error);
}

}  // namespace
}  // namespace vl::models::vallex
