#include "vl/dub/eval_options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/code_of.h"

namespace vl::dub {
namespace {

TEST(EvalGates, FormsAndLimits) {
  const struct {
    const char *expr, *metric, *op;
    double limit;
    bool at, above;  // does it hold for limit, for limit + 1?
  } rows[] = {{"lse_c>=5", "lse_c", ">=", 5, true, true},
              {" lse_d <= 7.5 ", "lse_d", "<=", 7.5, true, false},
              {"av_offset_ms>-40", "av_offset_ms", ">", -40, false, true},
              {"sync_cosine<1e-1", "sync_cosine", "<", 0.1, false, false}};
  for (const auto& row : rows) {
    const EvalGate g = parse_gate(row.expr);
    EXPECT_EQ(g.metric, row.metric);
    EXPECT_EQ(g.op, row.op);
    EXPECT_EQ(g.limit, row.limit);
    EXPECT_EQ(g.holds(row.limit), row.at) << row.expr;
    EXPECT_EQ(g.holds(row.limit + 1), row.above) << row.expr;
    EXPECT_FALSE(g.holds(NAN));
  }
}

TEST(EvalGates, OtherFormsAreErrors) {
  for (const char* expr :
       {"", "lse_c", "lse_c=5", "lse_c>=", "lse_c>==5", "lse_c>=5;", "lse_c>inf"})
    EXPECT_EQ(test::code_of([&] { parse_gate(expr); }), Code::kBadValue) << expr;
  EXPECT_EQ(test::code_of([] { parse_gate("lse>=5"); }), Code::kUnknownName);
}

TEST(EvalMeans, IntervalsAreStudents) {
  EXPECT_FALSE(mean_of({3}).ci95.has_value());
  EXPECT_EQ(mean_of({3}).mean, 3);
  // Quantiles: 2.776 for 4 degrees of freedom, 2.0452 for 29.
  const EvalMean five = mean_of({1, 2, 3, 4, 5});
  EXPECT_NEAR((*five.ci95)[0], 3 - 2.776 * std::sqrt(2.5 / 5), 1e-9);
  std::vector<double> many;
  for (int i = 0; i < 30; ++i) many.push_back(i % 2);
  const EvalMean thirty = mean_of(many);
  EXPECT_NEAR((*thirty.ci95)[1] - 0.5, 2.0452 * std::sqrt(0.25 / 29), 1e-4);
  EXPECT_EQ(thirty.n, 30);
}

}  // namespace
}  // namespace vl::dub
