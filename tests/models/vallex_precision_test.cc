#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/models/vallex_net.h"
#include "vl/core/error.h"

namespace vl::models::vallex {
namespace {

using test::expect_equal;

struct Quality {
  nn::Precision precision;
  double logit, kl, agreement, codes;  // bars: largest error, mean nats, shares of equal classes
};

void PrintTo(const Quality& q, std::ostream* out) {
  *out << (q.precision == nn::Precision::kInt8 ? "w8a16" : "bf16");
}
class VallexPrecision : public testing::TestWithParam<Quality> {};

TEST_P(VallexPrecision, ForcedLogitsAndCodesStayNear) {
  const auto model = make_net();
  set_precision(*model, GetParam().precision);
  double kl = 0, same = 0, error = 0, rows = 0;
  for (const char* name : {"tf_prompt", "tf_noprompt", "tf_mixed", "tf_accent_zh"}) {
    const at::Tensor forced = golden().at(std::string("input:") + name + ":forced");
    const at::Tensor want = golden().at(std::string("out:") + name + ":ar_logits");
    const at::Tensor got = model->forced_logits(input_of(name), forced);
    const at::Tensor p = want.to(at::kDouble).log_softmax(-1);
    kl += (p.exp() * (p - got.to(at::kDouble).log_softmax(-1))).sum().item<double>();
    same += want.argmax(-1).eq(got.argmax(-1)).sum().item<double>();
    error = std::max(error, (got - want).abs().max().item<double>());
    rows += static_cast<double>(want.size(0));
  }
  RecordProperty("logit_error", std::to_string(error));
  RecordProperty("mean_kl", std::to_string(kl / rows));
  RecordProperty("top1", std::to_string(same / rows));
  EXPECT_LT(error, GetParam().logit);
  EXPECT_LT(kl / rows, GetParam().kl);
  EXPECT_GE(same / rows, GetParam().agreement);
  const LmInput in = input_of("greedy_cap");
  const at::Tensor tokens = golden().at("out:greedy_cap:codes").select(1, 0);
  // Later passes read the codes of earlier ones, so that one near-tie changes what follows it.
  const NarResult nar = model->nar(in, tokens, {}, /*with_logits=*/true),
                  full = net().nar(in, tokens, {}, /*with_logits=*/true);
  const double
      first = (nar.logits[0] - full.logits[0]).abs().max().item<double>(),
      equal =
          nar.codes.select(1, 1).eq(full.codes.select(1, 1)).to(at::kDouble).mean().item<double>();
  std::cout << "logits " << error << ", KL " << kl / rows << ", top-1 " << same / rows
            << "; second stage, first pass: logits " << first << ", equal codes " << equal << "\n";
  EXPECT_LT(first, 2 * GetParam().logit);
  EXPECT_GE(equal, GetParam().codes);
  // Takes share a prompt of bfloat16 keys, and rows do not see each other here either.
  const Decoded best = model->decode(in, {.seed = 4, .best_of = 3, .fixed_frames = 20});
  EXPECT_EQ(best.tokens.size(0), 20);
  const std::vector<Decoded> two = model->decode_batch(
      {in, in}, {{.seed = 4, .best_of = 3, .fixed_frames = 20}, {.seed = 9, .fixed_frames = 15}});
  expect_equal("together", two[0].tokens, best.tokens);
  EXPECT_THROW(set_precision(*model, nn::Precision::kFloat32), Error);
}

INSTANTIATE_TEST_SUITE_P(Forms, VallexPrecision,
                         testing::Values(Quality{nn::Precision::kBfloat16, 0.2, 1e-3, 0.98, 0.9},
                                         Quality{nn::Precision::kInt8, 0.2, 1e-2, 0.98, 0.9}));

}  // namespace
}  // namespace vl::models::vallex
