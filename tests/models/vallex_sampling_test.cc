#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/torch_golden.h"
#include "vl/core/error.h"
#include "vl/models/vallex/sampling.h"

namespace vl::models::vallex {
namespace {

TEST(Sampling, PhiloxEqualsThePublishedVectors) {
  // Known answers of Random123 for philox4x32-10.
  const struct {
    std::array<uint32_t, 4> counter;
    std::array<uint32_t, 2> key;
    std::array<uint32_t, 4> want;
  } rows[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& row : rows) EXPECT_EQ(philox(row.counter, row.key), row.want);
}

TEST(Sampling, DrawsFollowTheProbabilities) {
  const at::Tensor logits = at::tensor({0.0, 1.0, 2.0, -1.0, 0.5}).unsqueeze(0);
  const at::Tensor p = filtered_probabilities(logits, {});
  constexpr int kDraws = 40000;
  std::vector<int> counts(5);
  for (uint64_t step = 0; step < kDraws; ++step) {
    const int64_t c = class_at(p.const_data_ptr<double>(), 5, uniform_draw(3, 1, step));
    ++counts[static_cast<size_t>(c)];
  }
  for (size_t i = 0; i < 5; ++i) {
    const double want = p[0][static_cast<int64_t>(i)].item<double>();
    // Five standard deviations of a binomial count.
    EXPECT_NEAR(counts[i] / double{kDraws}, want, 5 * std::sqrt(want * (1 - want) / kDraws)) << i;
  }
}

TEST(Sampling, ClassAt) {
  const struct {
    std::vector<double> p;
    double u;
    int64_t want;
  } rows[] = {
      {{0.25, 0.25, 0.5}, 0.0, 0}, {{0.25, 0.25, 0.5}, 0.25, 1}, {{0.25, 0.25, 0.5}, 0.4999, 1},
      {{0.25, 0.25, 0.5}, 0.5, 2}, {{0.0, 1.0, 0.0}, 0.0, 1},    {{0.0, 1.0, 0.0}, 0.999999, 1},
      {{0.3, 0.3, 0.0}, 0.9, 1},  // a sum below u ends in the last class that has any probability
  };
  for (const auto& row : rows)
    EXPECT_EQ(class_at(row.p.data(), static_cast<int64_t>(row.p.size()), row.u), row.want) << row.u;
}

TEST(Sampling, TieRules) {
  const at::Tensor logits = at::tensor({1.0, 3.0, 3.0, 2.0, 3.0, -INFINITY}).unsqueeze(0);
  const double third = 1.0 / 3.0, inf = INFINITY;
  const struct {
    const char* name;
    SamplingOptions options;
    std::vector<double> want;
  } rows[] = {
      {"ties of the largest stay", {.top_k = 1}, {0, third, third, 0, third, 0}},
      {"the k-th largest is one of the ties", {.top_k = 3}, {0, third, third, 0, third, 0}},
      {"top_p keeps the first of equal ones", {.top_p = 0.1}, {0, 1, 0, 0, 0, 0}},
      {"top_p below 0 keeps the largest", {.top_p = -inf}, {0, 1, 0, 0, 0, 0}},
      {"top_p sees what top_k left", {.top_k = 1, .top_p = 0.5}, {0, 0.5, 0.5, 0, 0, 0}},
      {"cold", {.temperature = 1e-3}, {0, third, third, 0, third, 0}},
  };
  for (const auto& row : rows)
    test::expect_close(row.name, filtered_probabilities(logits, row.options),
                       at::tensor(row.want, at::kDouble), 1e-12);
}

TEST(Sampling, RefusesWhatCannotBeDrawnFrom) {
  const at::Tensor good = at::zeros({1, 4});
  const struct {
    const char* name;
    at::Tensor logits;
    SamplingOptions options;
  } rows[] = {{"NaN", at::full({1, 4}, NAN), {}},
              {"infinity", at::full({1, 4}, INFINITY), {}},
              {"nothing left", at::full({2, 4}, -INFINITY), {}},
              {"no classes", at::zeros({1, 0}), {}},
              {"one dimension", at::zeros({4}), {}},
              {"temperature 0", good, {.temperature = 0}},
              {"temperature below 0", good, {.temperature = -1}},
              {"temperature NaN", good, {.temperature = NAN}},
              {"temperature infinite", good, {.temperature = INFINITY}},
              {"top_p NaN", good, {.top_p = NAN}}};
  for (const auto& row : rows)
    EXPECT_THROW(filtered_probabilities(row.logits, row.options), Error) << row.name;
}

}  // namespace
}  // namespace vl::models::vallex
