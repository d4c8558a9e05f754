#include "tests/support/torch_golden.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/weights/safetensors.h"

namespace vl::test {

const Tensors& golden(const std::string& relative) {
  static std::map<std::string, Tensors> cache;
  auto [it, fresh] = cache.try_emplace(relative);
  if (fresh)
    for (const auto& [key, value] : weights::read_safetensors(data(relative).string()).tensors)
      it->second[key] = value;
  return it->second;
}

void expect_close(const std::string& name, const at::Tensor& got, const at::Tensor& want,
                  double abs, double rel, int64_t stride) {
  at::Tensor g = got.detach().to(at::kDouble).reshape({-1}), w = want.to(at::kDouble).reshape({-1});
  if (stride > 1) g = g.slice(0, 0, g.numel(), stride);
  ASSERT_EQ(g.numel(), w.numel()) << name << ": " << got.sizes() << " against " << want.sizes();
  if (w.numel() == 0) return;
  const at::Tensor error = (g - w).abs();
  const double worst = error.max().item<double>(), bar = abs + rel * w.abs().max().item<double>();
  EXPECT_TRUE(worst <= bar) << name << ": error " << worst << " at element "
                            << error.argmax().item<int64_t>() << ", bar " << bar;
}

void expect_equal(const std::string& name, const at::Tensor& got, const at::Tensor& want) {
  const at::Tensor g = got.to(at::kLong).reshape({-1}), w = want.to(at::kLong).reshape({-1});
  ASSERT_EQ(g.numel(), w.numel()) << name << ": " << got.sizes() << " against " << want.sizes();
  EXPECT_TRUE(g.equal(w)) << name << ": " << g.ne(w).sum().item<int64_t>() << " of " << w.numel()
                          << " differ";
}

}  // namespace vl::test
