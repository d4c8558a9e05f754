#include "vl/weights/fill.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace vl::weights {

namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// Two float32 roundings: contraction to one fused multiply-add would change the last bit.
__attribute__((optimize("fp-contract=off"))) void fill_range(float* out, int64_t begin, int64_t end,
                                                             uint64_t base, float scale,
                                                             float offset) {
  for (int64_t i = begin; i < end; ++i) {
    const uint64_t z = mix(base + (static_cast<uint64_t>(i) + 1) * kGolden);
    const float u = static_cast<float>(z >> 40) / 16777216.0F;
    const float x = 2.0F * u - 1.0F;
    const float scaled = scale * x;
    out[i] = scaled + offset;
  }
}

}  // namespace

uint64_t fnv1a64(const std::string& text) {
  uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  return h;
}

at::Tensor fill_tensor(const std::string& key, at::IntArrayRef shape, uint64_t seed, double scale,
                       double offset) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.data_ptr<float>();
  const uint64_t base = fnv1a64(key) ^ (seed * kGolden);
  at::parallel_for(0, out.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    fill_range(data, begin, end, base, static_cast<float>(scale), static_cast<float>(offset));
  });
  return out;
}

}  // namespace vl::weights
