#include "vl/models/rvc/feature_index.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/rvc_parity.h"
#include "vl/core/error.h"

namespace vl {
namespace {

using models::rvc::feature_index_class;
using models::rvc::FeatureIndex;
using models::rvc::Neighbours;

std::shared_ptr<const FeatureIndex> from_file(const std::string& name) {
  const std::string path = test::data("parity/rvc/" + name).string();
  return models::build_as<FeatureIndex>(
      models::read_model("rvc-index", weights::read_checkpoint(path)), path);
}

std::shared_ptr<const FeatureIndex> made(const at::Tensor& centroids, std::vector<int64_t> sizes,
                                         const at::Tensor& vectors, int64_t nprobe = 1) {
  models::ModelFile file{.role = "rvc-index", .arch = "ivf_flat"};
  file.config = {{"dim", vectors.size(1)},
                 {"lists", centroids.size(0)},
                 {"vectors", vectors.size(0)},
                 {"nprobe", nprobe}};
  file.tensors.set("centroids", centroids);
  file.tensors.set("list_sizes", at::tensor(sizes, at::kLong));
  file.tensors.set("vectors", vectors);
  file.tensors.set("ids", at::arange(vectors.size(0), at::kLong));
  return models::build_as<FeatureIndex>(file, "made");
}

TEST(FeatureIndex, EqualsTheGoldens) {
  for (const std::string v : {"v1", "v2"}) {
    const auto index = from_file("index_" + v + ".index");
    const auto& g = test::golden("parity/rvc/golden.safetensors");
    const at::Tensor query = g.at("out:retrieval." + v + ".query");
    const Neighbours n = index->search(query);
    test::expect_equal(v + ".ix", n.ids, g.at("out:retrieval." + v + ".ix"));
    test::expect_rvc("retrieval." + v + ".score", n.scores, 1e-6);
    test::expect_rvc("retrieval." + v + ".npy", index->mean(query, n), 1e-6);
    test::expect_rvc("retrieval." + v + ".npy", index->blend(query, 1.0), 1e-6);
    const at::Tensor mixed = index->blend(query, 0.25);
    test::expect_close("mixed", mixed, index->mean(query, n) * 0.25 + query * 0.75, 1e-6);
  }
}

/// All cells at once, against sorting every distance.
TEST(FeatureIndex, LargeListsAndSeveralProbesEqualAFullSort) {
  const at::Tensor vectors = weights::fill_tensor("v", {3000, 24}, 3, 1.0, 0.0);
  const at::Tensor centroids =
      at::stack({vectors.slice(0, 0, 1200).mean(0), vectors.slice(0, 1200, 3000).mean(0)});
  const at::Tensor query = weights::fill_tensor("q", {50, 24}, 4, 1.0, 0.0);
  const auto flat = made(at::zeros({1, 24}), {3000}, vectors);
  const auto cells = made(centroids, {1200, 1800}, vectors, 2);
  const at::Tensor distance =
      (query.unsqueeze(1) - vectors.unsqueeze(0)).to(at::kDouble).square().sum(2);
  const auto [score, id] = at::topk(distance, 8, 1, /*largest=*/false);
  for (const auto& index : {flat, cells}) {
    const Neighbours n = index->search(query);
    test::expect_equal("ids", n.ids, id);
    test::expect_close("scores", n.scores, score.to(at::kFloat), 1e-5);
  }
}

TEST(FeatureIndex, ExactHitsShortAndEmptyLists) {
  const at::Tensor vectors = at::tensor({0.F, 0.F, 3.F, 4.F, 10.F, 10.F}).reshape({3, 2});
  const at::Tensor centroids = at::tensor({0.F, 0.F, 10.F, 10.F, -50.F, 0.F}).reshape({3, 2});
  const auto index = made(centroids, {2, 1, 0}, vectors);
  const at::Tensor query = at::tensor({3.F, 4.F, 9.F, 10.F, -50.F, 1.F, 1.F, 0.F}).reshape({4, 2});
  const Neighbours n = index->search(query);
  const at::Tensor want = at::full({4, 8}, -1, at::kLong);
  want[0][0] = 1, want[0][1] = 0, want[1][0] = 2, want[3][0] = 0, want[3][1] = 1;
  test::expect_equal("ids", n.ids, want);
  EXPECT_EQ(n.scores[1][1].item<float>(), std::numeric_limits<float>::max());
  const at::Tensor mean = index->mean(query, n);
  // An exact hit alone; the only neighbour; no neighbour keeps the feature; 1/d^4 for 1 and 20.
  const float far = 1.F / (20.F * 20.F), share = far / (1.F + far);
  const at::Tensor wanted =
      at::tensor({3.F, 4.F, 10.F, 10.F, -50.F, 1.F, 3.F * share, 4.F * share}).reshape({4, 2});
  test::expect_close("mean", mean, wanted, 1e-6);
}

TEST(FeatureIndex, TinyDistancesStayFinite) {
  const at::Tensor vectors = at::tensor({1e-15F, 0.F, 0.F, 2e-15F}).reshape({2, 2});
  const at::Tensor query = at::zeros({1, 2});
  const auto index = made(at::zeros({1, 2}), {2}, vectors);
  const at::Tensor mean = index->mean(query, index->search(query));
  EXPECT_TRUE(mean.isfinite().all().item<bool>());
  test::expect_close("mean", mean * 1e15, at::tensor({16.F / 17.F, 2.F / 17.F}).reshape({1, 2}),
                     1e-5);
}

TEST(FeatureIndex, BadOnesAreErrors) {
  const auto index = from_file("index_v1.index");
  try {
    index->search(at::zeros({3, 768}));
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kIndexMismatch);
    EXPECT_NE(e.message().find("index has 256 columns, model needs 768"), std::string::npos);
  }
  EXPECT_THROW(made(at::zeros({2, 4}), {1, 1}, at::zeros({3, 4})), Error);
  EXPECT_THROW(made(at::zeros({2, 4}), {-1, 4}, at::zeros({3, 4})), Error);
  EXPECT_THROW(made(at::zeros({2, 4}), {1, 2}, at::zeros({3, 4}), 3), Error);
  const auto other = weights::read_checkpoint(test::data("parity/rvc/v2_40k_f0.pth").string());
  EXPECT_THROW(models::read_model("rvc-index", other), Error);
}

}  // namespace
}  // namespace vl
